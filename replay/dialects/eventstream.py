"""AWS event streams, as Bedrock sends them: messages with typed headers, a payload, and two checksums.

The encoding: Amazon Transcribe developer guide, "Event stream encoding"; the event's name and the errors: Smithy's
"Amazon Event Stream specification". A message becomes the object that AWS's own clients make of it:
``{"contentBlockDelta": {…}}``; the inside of a ``chunk``, which carries a model's own JSON in base64; or
``{"error": {"type": …, "message": …}}``.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from dataclasses import dataclass

from replay.canon.eventstream import size_at
from replay.dialects import lenient
from replay.dialects.lenient import Document, document, string

_PRELUDE, _CRC = 12, 4
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Type of a header's value -> its bytes; the types 6 (bytes) and 7 (text) begin with a length of two bytes."""

_TEXT = 7


@dataclass(frozen=True, slots=True)
class Messages:
    """``objects``: of the whole messages, in order. ``problem``: why that is not all, or empty."""

    objects: list[Document]
    problem: str = ""


def is_eventstream(data: bytes) -> bool:
    """Whether ``data`` begins with a message, perhaps with one that broke off; told by the checksum of its lengths."""
    return len(data) >= _PRELUDE and zlib.crc32(data[:8]) == struct.unpack_from(">I", data, 8)[0]


def messages(data: bytes) -> Messages:
    """The messages of ``data`` up to where it is cut or damaged. Never raises."""
    objects: list[Document] = []
    at = 0
    while size := size_at(data, at):
        message = data[at : at + size]
        if zlib.crc32(message[:-_CRC]) != struct.unpack(">I", message[-_CRC:])[0]:
            return Messages(objects, f"the checksum of the message at byte {at} is wrong")
        objects.append(_object(message))
        at += size
    return Messages(objects, "the stream is cut short within a message" if at < len(data) else "")


def _object(message: bytes) -> Document:
    (length,) = struct.unpack_from(">I", message, 4)
    headers = _headers(message[_PRELUDE : _PRELUDE + length])
    payload = message[_PRELUDE + length : -_CRC]
    doc = document(lenient.parse(payload))
    kind = headers.get(":message-type", "event")
    if kind == "exception":
        return _error(headers.get(":exception-type", kind), string(doc.get("message") or doc.get("Message")))
    if kind == "error":
        return _error(headers.get(":error-code", kind), headers.get(":error-message", ""))
    inside = _inside(doc)
    return document(lenient.parse(inside)) if inside is not None else {headers.get(":event-type", "event"): doc}


def _error(kind: str, words: str) -> Document:
    return {"error": {"type": kind, "message": words}}


def _inside(doc: Document) -> bytes | None:
    """What a ``chunk`` holds in base64, or None for another event."""
    try:
        return b64decode(doc["bytes"]) if isinstance(doc.get("bytes"), str) else None
    except ValueError:
        return b""


def _headers(data: bytes) -> dict[str, str]:
    """The headers whose values are text; of damaged ones, those before the damage."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name = data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace")
            at += 1 + data[at]
            kind = data[at]
            at += 1
            if kind in _SIZES:
                at += _SIZES[kind]
                continue
            (size,) = struct.unpack_from(">H", data, at)
            if kind == _TEXT:
                found[name] = data[at + 2 : at + 2 + size].decode("utf-8", "replace")
            at += 2 + size
    except (IndexError, struct.error):
        pass
    return found
