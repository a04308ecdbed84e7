"""How much is kept of what is exchanged with a host: ``full``, the ``shape`` alone, or ``none`` of it.

For data that may not be kept at all. The shape of JSON has its keys, its lists and the lengths of its texts, and no
value; of other bodies the size is left. With ``none`` the method, the host, the status and the times remain. Neither
can be served: a replay says so, and goes on by its policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from replay.canon.packed import unpacked
from replay.canon.rules import Store
from replay.canon.url import map_pairs
from replay.events import UNKEPT, Chunk, End, Failure, Head, Part, Request

LARGEST = 8 << 20
"""Bytes of a body whose shape is looked at."""

LONGEST_KEY = 64
DEEPEST = 64


def stored_request(request: Request, how: Store) -> Request:
    """What is kept, and compared, of a redacted request."""
    parts = urlsplit(request.target)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if how == "none":
        return replace(request, target=f"{origin}/", headers=(), body=b"")
    path = "/".join([_segment(segment) for segment in parts.path.split("/")])
    query = f"?{map_pairs(parts.query, lambda _, value: _text(value))}" if parts.query else ""
    coding = request.header("content-encoding") or ""
    return replace(request, target=f"{origin}{path}{query}", body=shape(request.body, coding) if request.body else b"")


class Answered:
    """What is kept of the parts of one answer."""

    def __init__(self, how: Store, host: str) -> None:
        self._how = how
        self._why = (
            f'the recording keeps {"nothing" if how == "none" else "only the shape"} of {host} (store = "{how}")'
        )
        self._body = bytearray()
        self._coding = ""
        self._last: Chunk | None = None

    def keep(self, part: Part) -> tuple[Part, ...]:
        """``part`` is redacted already."""
        if isinstance(part, Head):
            self._coding = part.header("content-encoding") or ""
            return (replace(part, headers=() if self._how == "none" else part.headers),)
        if isinstance(part, Chunk):
            self._last = part
            if self._how == "shape" and len(self._body) <= LARGEST:
                self._body += part.data
            return ()
        end = End("failed", Failure(UNKEPT, self._why))
        if self._last is None or self._how == "none":
            return (end,)
        return (replace(self._last, data=shape(bytes(self._body), self._coding)), end)


def shape(body: bytes, coding: str = "") -> bytes:
    """The shape of a body: JSON, or lines of it; else its size."""
    plain = (unpacked(body, coding) if coding else body) or b""
    if len(plain) > LARGEST:
        return b"<%d bytes>" % len(plain)
    whole = _of_json(plain)
    if whole is not None:
        return whole
    lines = [_of_line(line) for line in plain.splitlines()]
    return b"\n".join([line for line in lines if line is not None]) if any(lines) else b"<%d bytes>" % len(plain)


def _of_line(line: bytes) -> bytes | None:
    found = _LINE.fullmatch(line)
    inside = _of_json(found[2]) if found else None
    return found[1] + inside if found and inside is not None else None


def _of_json(data: bytes) -> bytes | None:
    try:
        return orjson.dumps(_shaped(orjson.loads(data), 0))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None


def _shaped(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {_key(key): _shaped(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_shaped(item, depth + 1) for item in value]
    return _shape_of(value)


def _shape_of(value: Any) -> Any:
    make = _SHAPES.get(type(value))
    return None if make is None else make(value)


def _key(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else _text(key)


def _text(value: str) -> str:
    return f"<text:{len(value)}>"


def _segment(segment: str) -> str:
    """A piece of a path: the names of an interface stay, what looks like a value does not."""
    return segment if _NAME.fullmatch(segment) else _text(segment)


_SHAPES: dict[type, Callable[[Any], Any]] = {str: _text, int: lambda _: 0, float: lambda _: 0.0, bool: lambda _: False}
_LINE = re.compile(rb"(data: ?|)([{\[].*)")
_NAME = re.compile(r"(?:v[0-9]{1,2}|[A-Za-z_.-]{0,24})(?::[A-Za-z]{1,32})?")
