"""AWS event streams (``application/vnd.amazon.eventstream``), as Bedrock sends them: binary messages with checksums.

A message is its length, the length of its headers, a CRC of these two, the headers, a payload, and a CRC of all before
(the encoding is described in the Amazon Transcribe developer guide, "Event stream encoding"). To be looked at, messages
become lines: each its payload, and what that holds in base64 opened. A message that held a secret is written anew, with
the lengths and checksums that it then has.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace

from replay.canon.stream import HELD_AT_MOST, Kept
from replay.events import Chunk

TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size
_MOST = 32 << 20
_INNER = re.compile(rb'\A\{"bytes":"([A-Za-z0-9+/]+={0,2})"')
_OPENED = b"\x00"
"""Between the inside of a payload and the rest of it, on the line of a message whose payload is wrapped."""


class EventStream:
    """``lines`` redacts lines. Whole messages are handed to it; what is no event stream, as it is."""

    def __init__(self, lines: Kept) -> None:
        self._lines = lines
        self._begun: list[Chunk] = []
        self._size = 0
        self._waiting: list[tuple[list[Chunk], bytes, Chunk]] = []

    def feed(self, chunk: Chunk) -> list[Chunk]:
        self._begun.append(chunk)
        self._size += len(chunk.data)
        data = b"".join([begun.data for begun in self._begun])
        if not _is_whole(data) and self._size < HELD_AT_MOST:
            return []
        return self._whole(data)

    def finish(self) -> list[Chunk]:
        kept = self._whole(b"".join([begun.data for begun in self._begun])) if self._begun else []
        return [*kept, *self._settled(self._lines.finish())]

    def _whole(self, data: bytes) -> list[Chunk]:
        chunks, self._begun, self._size = self._begun, [], 0
        line = replace(chunks[0], data=b"".join([_line(message) + b"\n" for message in _messages(data)]))
        self._waiting.append((chunks, data, line))
        kept = self._lines.feed(line)
        return self._settled(kept) if kept else []

    def _settled(self, kept: list[Chunk]) -> list[Chunk]:
        waited, self._waiting = self._waiting, []
        if len(kept) == len(waited) and all(one is line for one, (_, _, line) in zip(kept, waited, strict=True)):
            return [chunk for chunks, _, _ in waited for chunk in chunks]
        if not waited:
            return kept
        messages = [message for _, data, _ in waited for message in _messages(data)]
        lines = b"".join([chunk.data for chunk in kept]).split(b"\n")
        rebuilt = [_rebuilt(message, line) for message, line in zip(messages, lines, strict=False)]
        return [replace(waited[0][0][0], data=b"".join(rebuilt))]


def _messages(data: bytes) -> Iterator[bytes]:
    """The messages of ``data``; what is none ends it as it is."""
    at = 0
    while size := size_at(data, at):
        yield data[at : at + size]
        at += size
    if at < len(data):
        yield data[at:]


def size_at(data: bytes, at: int) -> int:
    """The size of the whole message at byte ``at`` of ``data``, or 0."""
    if len(data) - at < _LEAST:
        return 0
    size, headers, crc = _PRELUDE.unpack_from(data, at)
    fits = _LEAST + headers <= size <= min(_MOST, len(data) - at)
    return size if fits and zlib.crc32(data[at : at + 8]) == crc else 0


def _is_whole(data: bytes) -> bool:
    at = 0
    while size := size_at(data, at):
        at += size
    return at == len(data)


def _line(message: bytes) -> bytes:
    """What a message says, on one line: without the line ends in it, which JSON does not need."""
    if not size_at(message, 0):
        return message.replace(b"\n", b" ")
    payload = _payload(message)
    wrapped = _INNER.match(payload)
    if wrapped:
        inside = b64decode(wrapped[1] + b"=" * (-len(wrapped[1]) % 4))
        if b"\n" not in inside and _OPENED not in inside:
            return inside + _OPENED + payload[wrapped.end() :].replace(b"\n", b" ")
    return payload.replace(b"\n", b" ")


def _payload(message: bytes) -> bytes:
    headers: int = _PRELUDE.unpack_from(message)[1]
    return message[_PRELUDE.size + headers : -_CRC.size]


def _rebuilt(message: bytes, line: bytes) -> bytes:
    """``message`` with what ``line`` says; itself if that is what it said."""
    if line == _line(message):
        return message
    if not size_at(message, 0):
        return line
    inside, opened, rest = line.partition(_OPENED)
    payload = b'{"bytes":"' + b64encode(inside) + b'"' + rest if opened else line
    headers = message[_PRELUDE.size : _PRELUDE.size + _PRELUDE.unpack_from(message)[1]]
    lengths = struct.pack(">II", _LEAST + len(headers) + len(payload), len(headers))
    whole = lengths + _CRC.pack(zlib.crc32(lengths)) + headers + payload
    return whole + _CRC.pack(zlib.crc32(whole))
