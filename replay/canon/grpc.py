"""The framing of gRPC bodies, each chunk of an answer one frame.

It is that of the wire (gRPC over HTTP/2, "Length-Prefixed-Message"; gRPC-Web, "Trailers"): a byte that says what
follows, four bytes of length, and a message, or the status and the trailing metadata as lines of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from replay.canon import protobuf
from replay.events import Chunk, Headers

TYPE = "application/grpc"
MESSAGE, TRAILERS = 0x00, 0x80
_PREFIX = 5


def frame(data: bytes, kind: int = MESSAGE) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "big") + data


def frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    """What the frames of ``body`` hold; a last one that was cut is left out."""
    at = 0
    while at + _PREFIX <= len(body):
        end = at + _PREFIX + int.from_bytes(body[at + 1 : at + _PREFIX], "big")
        if end > len(body):
            return
        yield body[at], body[at + _PREFIX : end]
        at = end


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
    return b"".join([
        frame(written(change_fields(read_fields(data))), kind)
        if kind == TRAILERS
        else frame(protobuf.rewritten(data, change), kind)
        for kind, data in frames(body)
    ])  # fmt: skip


class Framed:
    """The chunks of an answer, redacted. See :class:`replay.canon.stream.Kept`."""

    def __init__(self, redact: Callable[[bytes], bytes], redact_fields: Callable[[Headers], Headers]) -> None:
        self._redact = redact
        self._redact_fields = redact_fields

    def feed(self, chunk: Chunk) -> list[Chunk]:
        return [replace(chunk, data=rewritten(chunk.data, self._redact, self._redact_fields))]

    def finish(self) -> list[Chunk]:
        return []
