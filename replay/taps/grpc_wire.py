"""What both of gRPC's interfaces have in common: metadata and status as events, and back."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from typing import Any, Final

from replay.canon.grpc import TYPE, frame, frames
from replay.dialects.grpc import Status, ended, trailers
from replay.events import Answer, Chunk, End, Head, Headers
from replay.taps.failures import SYSTEM, Failures

Metadata = tuple[Any, ...]

FAILURES: Final = Failures(SYSTEM, base=ConnectionError)
"""What is no status: an interrupt. A server that cannot be reached is the status UNAVAILABLE."""

TYPED: Final[Headers] = (("content-type", TYPE),)
CANCELLED: Final = Status(1, "Locally cancelled by application!")


def text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def target(host: str | bytes, method: str | bytes) -> str:
    """The URL of a method; ``host`` is what the channel was made for, such as ``dns:///host:port``."""
    scheme, mark, rest = text(host).partition(":")
    place = rest.rpartition("/")[2] if mark and scheme in ("dns", "ipv4", "ipv6", "xds", "passthrough") else text(host)
    return f"grpc://{place}/{text(method).lstrip('/')}"


def is_local(host: str | bytes) -> bool:
    """Whether the channel leads to a socket in the file system."""
    return text(host).startswith(("unix:", "unix-abstract:", "vsock:"))


def headers(metadata: Any) -> Headers:
    """Metadata as header fields: bytes in base64."""
    return tuple([
        (text(key), b64encode(value).decode() if isinstance(value, bytes) else str(value))
        for key, value in metadata or ()
    ])  # fmt: skip


def metadata(fields: Headers) -> Metadata:
    """The twin of :func:`headers`. What was redacted in binary metadata is empty."""
    make = sys.modules["grpc._cython.cygrpc"]._Metadatum
    return tuple([make(name, _bytes(value) if name.endswith("-bin") else value) for name, value in fields])


def _bytes(value: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return b""


def head(initial_metadata: Any) -> Head:
    return Head(200, "", "HTTP/2", (*TYPED, *headers(initial_metadata)))


def initial(given: Head) -> Metadata:
    """The twin of :func:`head`."""
    return metadata(tuple([field for field in given.headers if field != TYPED[0]]))


def message(data: bytes) -> Chunk:
    return Chunk(frame(data))


def status_of(code: int, details: Any, trailing_metadata: Any, debug: Any) -> Status:
    return Status(code, text(details or ""), headers(trailing_metadata), text(debug or ""))


def ending(status: Status) -> tuple[Chunk, End]:
    return Chunk(trailers(status)), End()


def kind_and_data(chunk: Chunk) -> tuple[int, bytes]:
    """What a recorded chunk holds: its first frame; an empty message for anything odd."""
    return next(frames(chunk.data), (0, b""))


def unary(answer: Answer) -> tuple[bytes | None, Status | None]:
    """The message and the status of an answer that holds one of each."""
    data = next((data for chunk in answer.chunks for kind, data in frames(chunk.data) if kind == 0), None)
    return data, ended(answer)
