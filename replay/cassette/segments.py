"""How a body is cut up so that what repeats from call to call is stored once.

A body becomes a list of segments whose texts, joined, give the exact bytes: literal text, a blob, or a list. In a JSON
object every large value is a segment of its own; a large array is a list, one element at a time, so that a history
with two more messages costs two more elements. Between elements nothing is lost: an element's text begins right after
the one before it, comma and white space included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

LARGE = 128
"""Values from this many characters on become segments of their own."""

WHOLE = 1024
"""Bodies below this many bytes are not cut up: that takes longer than all else that recording does with them."""

SMALL_ELEMENT = 24
"""Arrays whose elements are smaller on average (embeddings) are not worth a list."""

PIECE = 1 << 20
"""The most bytes in one blob; longer ones are cut."""

SPACE = re.compile(r"[ \t\n\r]*")
_scan_value = json.JSONDecoder().raw_decode
_scan_text = json.decoder.scanstring  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Literal:
    data: bytes


@dataclass(frozen=True, slots=True)
class Blob:
    data: bytes


@dataclass(frozen=True, slots=True)
class List:
    elements: tuple[bytes, ...]


Segment = Literal | Blob | List


MAX_SEGMENTS = 1 << 16


def split_body(body: bytes) -> list[Segment]:
    """The segments of ``body``; joined they give it back, byte by byte."""
    if body[:1] in (b"{", b"[") and len(body) >= WHOLE:
        try:
            segments = list(islice(_split_text(body.decode()), MAX_SEGMENTS + 1))
            if len(segments) <= MAX_SEGMENTS:
                return segments
        except (ValueError, RecursionError):
            pass
    return list(split_bytes(body))


def split_bytes(data: bytes) -> Iterator[Segment]:
    """``data`` as it is if it is short, else in blobs."""
    if len(data) < LARGE:
        yield Literal(data)
        return
    for start in range(0, len(data), PIECE):
        yield Blob(data[start : start + PIECE])


def _split_text(text: str) -> Iterator[Segment]:
    done = 0
    for start, end, ends in _large_values(text):
        elements = _elements(text, start, ends)
        if elements:
            yield from split_bytes(text[done : start + 1].encode())
            yield List(elements)
            done = ends[-1]
        else:
            yield from split_bytes(text[done:start].encode())
            yield from split_bytes(text[start:end].encode())
            done = end
    yield from split_bytes(text[done:].encode())


def _elements(text: str, start: int, ends: list[int]) -> tuple[bytes, ...]:
    """The elements of the array at ``start``, or nothing if they are too small or too large for a list."""
    if not ends or ends[-1] - start < SMALL_ELEMENT * len(ends):
        return ()
    cuts = zip([start + 1, *ends], ends, strict=False)
    elements = tuple([text[left:right].encode() for left, right in cuts])
    return elements if max(map(len, elements)) <= PIECE else ()


def _large_values(text: str) -> Iterator[tuple[int, int, list[int]]]:
    """Start, end and ends of the elements of each large value: the members of an object, or an array itself.

    Raises ValueError when ``text`` is no JSON.
    """
    if text[0] == "[":
        ends, end = _scan_array(text, 0)
        yield 0, end, ends
        return
    at = _skip(text, 1)
    while text[at : at + 1] == '"':
        colon = _skip(text, _scan_text(text, at + 1, False)[1])
        start = _skip(text, colon + 1)
        ends, end = _scan_array(text, start) if text[start : start + 1] == "[" else ([], _scan_value(text, start)[1])
        if end - start >= LARGE:
            yield start, end, ends
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            return
        at = _skip(text, at + 1)


def _scan_array(text: str, start: int) -> tuple[list[int], int]:
    """Where each element of the array at ``start`` ends, and where the array does."""
    ends: list[int] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        _, end = _scan_value(text, at)
        ends.append(end)
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise ValueError("no JSON")
    return ends, at + 1


def _skip(text: str, at: int) -> int:
    """The next place that is no white space; most clients write none, or one blank."""
    if text[at : at + 1] > " ":
        return at
    found = SPACE.match(text, at)
    return found.end() if found else at
