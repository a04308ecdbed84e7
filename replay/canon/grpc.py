"""The framing of gRPC bodies. What the taps of ``grpc`` keep has one frame in each chunk of an answer.

It is that of the wire (gRPC over HTTP/2, "Length-Prefixed-Message"; gRPC-Web, "Trailers"): a byte that says what
follows, four bytes of length, and a message, or the status and the trailing metadata as lines of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from replay.canon import protobuf
from replay.canon.stream import HELD_AT_MOST, Kept
from replay.events import Chunk, Headers

TYPE = "application/grpc"
MESSAGE, TRAILERS = 0x00, 0x80
_PREFIX = 5


def frame(data: bytes, kind: int = MESSAGE) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "big") + data


def frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    """What the frames of ``body`` hold; a last one that was cut is left out."""
    at = 0
    while size := _size_at(body, at):
        yield body[at], body[at + _PREFIX : at + size]
        at += size


def cut(body: bytes) -> bytes:
    """The beginning of a frame that ``body`` ends with; empty when all its frames are whole."""
    return body[sum(_PREFIX + len(data) for _, data in frames(body)) :]


def _size_at(body: bytes, at: int) -> int:
    """The size of the whole frame at byte ``at`` of ``body``, or 0."""
    if len(body) - at < _PREFIX:
        return 0
    size = _PREFIX + int.from_bytes(body[at + 1 : at + _PREFIX], "big")
    return size if size <= len(body) - at else 0


def written(fields: Headers) -> bytes:
    """Fields as lines of text; what would end a line is escaped."""
    return "".join([f"{name}: {_escaped(value)}\r\n" for name, value in fields]).encode("utf-8", "surrogateescape")


def read_fields(data: bytes) -> Headers:
    """The twin of :func:`written`."""
    lines = data.decode("utf-8", "surrogateescape").split("\r\n")
    pairs = [line.partition(": ") for line in lines if ": " in line]
    return tuple([(name, _unescaped(value)) for name, _, value in pairs])


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _unescaped(value: str) -> str:
    return value.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def rewritten(body: bytes, change: Callable[[bytes], bytes], change_fields: Callable[[Headers], Headers]) -> bytes:
    """``body`` with each text in its messages as ``change`` makes it, and its trailers as ``change_fields`` does."""

    def changed(kind: int, data: bytes) -> bytes:
        fields = read_fields(data) if kind == TRAILERS else ()
        if fields and written(fields) == data:
            return written(change_fields(fields))
        return protobuf.rewritten(data, change)

    return b"".join([*[frame(changed(kind, data), kind) for kind, data in frames(body)], change(cut(body))])


class Framed:
    """The chunks of an answer, redacted. See :class:`replay.canon.stream.Kept`.

    A chunk that ends within a frame, as one read from an HTTP connection may, waits for the rest of it. A frame too
    large to wait for, and what follows it, is bytes for ``plain``.
    """

    def __init__(
        self, redact: Callable[[bytes], bytes], redact_fields: Callable[[Headers], Headers], plain: Kept
    ) -> None:
        self._redact = redact
        self._redact_fields = redact_fields
        self._plain = plain
        self._begun: list[Chunk] = []
        self._missing = 0
        self._is_plain = False

    def feed(self, chunk: Chunk) -> list[Chunk]:
        if self._is_plain:
            return self._plain.feed(chunk)
        self._begun.append(chunk)
        self._missing -= len(chunk.data)
        if self._missing > 0:
            return []
        data = b"".join([begun.data for begun in self._begun])
        begun = cut(data)
        if not begun:
            return self._whole(data)
        self._missing = _PREFIX + int.from_bytes(begun[1:_PREFIX], "big") - len(begun) if len(begun) >= _PREFIX else 1
        self._is_plain = self._missing > HELD_AT_MOST
        return self._as_plain() if self._is_plain else []

    def finish(self) -> list[Chunk]:
        held = self._whole(b"".join([begun.data for begun in self._begun])) if self._begun else []
        return [*held, *self._plain.finish()]

    def _as_plain(self) -> list[Chunk]:
        chunks, self._begun = self._begun, []
        return [kept for chunk in chunks for kept in self._plain.feed(chunk)]

    def _whole(self, data: bytes) -> list[Chunk]:
        chunks, self._begun, self._missing = self._begun, [], 0
        redacted = rewritten(data, self._redact, self._redact_fields)
        return chunks if redacted == data else [replace(chunks[0], data=redacted)]
