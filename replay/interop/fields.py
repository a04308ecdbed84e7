"""Header fields and bodies as foreign files write them, which is in many ways."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from replay.canon.coding import unpacker
from replay.canon.packed import UNPACKED
from replay.dialects.body import MAX_DECODED, decoded
from replay.events import Headers, first_header

START = 512
"""Bytes of a body that tell whether it is packed."""

EMPTY_BROTLI = b";"
"""What nothing is in brotli, as its own encoder writes it."""

_NOT_IN_URLS = re.compile(r"[^\x21-\x7e]|[<>\"]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Unreadable(ValueError):
    """A record that cannot become an event; the message is the reason."""


def header_fields(value: Any) -> Headers:
    """A mapping of names to one value or several, pairs, or ``Name: value`` lines.

    Values are text as ``http.client`` gives it: bytes read as latin-1 (RFC 9112, section 5.5).
    """
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple(_fields_of(value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(_fields_of(_pairs(value)))
    raise Unreadable("its header fields are neither a mapping nor a list")


def _fields_of(pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        for each in value if isinstance(value, (list, tuple)) else (value,):
            yield wire_text(name), wire_text(each)


def _pairs(items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for item in items:
        if isinstance(item, str):
            name, colon, value = item.partition(":")
            if colon:
                yield name.strip(), value.strip()
        elif isinstance(item, dict):
            yield from [(item["name"], item.get("value", ""))] if "name" in item else item.items()
        elif isinstance(item, (list, tuple)) and len(item) == 2 and not isinstance(item[0], (list, tuple)):
            yield item[0], item[1]
        elif isinstance(item, (list, tuple)):
            yield from _pairs(item)
        else:
            raise Unreadable("one of its header fields has no name")


def wire_text(value: Any) -> str:
    """A header value as the bytes of the wire, read as latin-1; a line break in it is a space."""
    if isinstance(value, bytes):
        text = value.decode("latin-1")
    elif value is None or isinstance(value, bool):
        text = "" if value is None else str(value).lower()
    else:
        text = str(value)
    if not text.isascii() and any(letter > "\xff" for letter in text):
        text = text.encode("utf-8", "surrogatepass").decode("latin-1")
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def sent_url(url: str) -> str:
    """``url`` as a client sends it: what may not stand in one is percent-encoded (RFC 3986, section 2.1).

    Recorders write what was sent; but files are edited, and placeholders such as ``<LOGIN>`` put into addresses.
    """
    return _NOT_IN_URLS.sub(lambda match: quote(match[0], safe="", errors="replace"), url)


def readable_text(value: str) -> str:
    """The reverse of :func:`wire_text`: UTF-8, where the value is that."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        return value


def text_bytes(text: str) -> bytes:
    """The bytes of a body that was written as text.

    Python 2 wrote gzip as text of one letter a byte; what begins so is no UTF-8.
    """
    if text.startswith("\x1f\x8b"):
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            pass
    return text.encode("utf-8", "surrogatepass")


def body_bytes(value: Any) -> bytes:
    """A body: text, bytes, a list of such pieces, ``{"string": …}``, ``{"base64_string": …}``, or JSON written out."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, dict):
        return _of_mapping(value)
    if isinstance(value, (list, tuple)) and all(isinstance(each, (str, bytes)) for each in value):
        return b"".join([body_bytes(each) for each in value])
    return json_bytes(value)


def _of_mapping(value: dict[Any, Any]) -> bytes:
    if isinstance(value.get("base64_string"), (str, bytes)):
        return base64_bytes(value["base64_string"])
    if "string" in value and (len(value) == 1 or value.keys() <= {"string", "encoding", "base64_string"}):
        inside = value["string"]
        return json_bytes(inside) if isinstance(inside, dict) else body_bytes(inside)
    return json_bytes(value)


def json_bytes(value: Any) -> bytes:
    """JSON as ``json.dumps`` writes it, which is what recorders that keep bodies parsed send."""
    try:
        return json.dumps(value, default=_as_text).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"its body is no JSON ({error})") from None


def base64_bytes(text: str | bytes) -> bytes:
    letters = text.encode("ascii", "replace") if isinstance(text, str) else text
    try:
        return b64decode(b"".join(letters.split()), validate=True)
    except ValueError:
        raise Unreadable("its body is said to be base64 and is not") from None


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def coded(body: bytes, headers: Headers) -> bytes:
    """``body`` as an event keeps it: what the head says is packed, and is not, stands behind :data:`UNPACKED`.

    Many recorders keep a body unpacked beside the ``Content-Encoding`` that it came with; a replay packs it again.
    """
    coding = first_header(headers, "content-encoding")
    if not body or not coding:
        return body
    if not is_packed(body, coding):
        return UNPACKED + body
    if len(decoded(body, coding).data) >= MAX_DECODED:
        raise Unreadable(f"its body unpacks to {MAX_DECODED} bytes or more")
    return body


def is_packed(body: bytes, coding: str) -> bool:
    """Whether ``body`` is in this coding: text is in none, and of the rest the start tells.

    A coding that nobody here knows is believed of what is no text.
    """
    if body != EMPTY_BROTLI and _is_text(body):
        return unpacker(coding) is None and "br" not in coding.lower()
    unpack = unpacker(coding)
    try:
        return unpack is None or unpack.unpack(body[:START]) is not None
    except ValueError:
        return False


def _is_text(body: bytes) -> bool:
    """Whether this is UTF-8 without control characters but those of lines, which hardly anything packed is."""
    try:
        return not _CONTROL.search(body.decode())
    except UnicodeDecodeError:
        return False
