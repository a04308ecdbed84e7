"""A gRPC call as an event: ``POST grpc://host/package.Service/Method``.

Bodies are framed as on the wire (:mod:`replay.canon.grpc`). Where the program streams its request, the call's own body
is empty, and each message is a request of its own, ``SEND``; ``CLOSE`` says that no more come.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from replay.canon.grpc import MESSAGE, TRAILERS, frame, frames, read_fields, written
from replay.canon.protobuf import BYTES, MAX_DEPTH, fields
from replay.events import Answer, Headers, Request, first_header

STATUS, DETAILS, DEBUG = "grpc-status", "grpc-message", "grpc-debug"

CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of the status codes, by number (gRPC, "Status codes and their use")."""

SHOWN = 20_000
"""Bytes of a message that are looked at to show it."""


class Status(NamedTuple):
    """How a call ended. ``metadata`` is what the server said besides, ``debug`` what the library does."""

    code: int
    details: str = ""
    metadata: Headers = ()
    debug: str = ""


def trailers(status: Status) -> bytes:
    """The frame that ends an answer."""
    told = [(STATUS, str(status.code)), (DETAILS, status.details), (DEBUG, status.debug), *status.metadata]
    return frame(written(tuple([(name, value) for name, value in told if value])), TRAILERS)


def status(data: bytes) -> Status:
    """The twin of :func:`trailers`, of what its frame holds. A code that is none is UNKNOWN."""
    told = read_fields(data)
    number = first_header(told, STATUS) or ""
    code = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 2
    rest = tuple([field for field in told if field[0] not in (STATUS, DETAILS, DEBUG)])
    return Status(
        code if code < len(CODES) else 2, first_header(told, DETAILS) or "", rest, first_header(told, DEBUG) or ""
    )


def ended(answer: Answer) -> Status | None:
    """The status of an answer; None when it never got one."""
    last = answer.chunks[-1].data if answer.chunks else b""
    return next((status(data) for kind, data in frames(last) if kind == TRAILERS), None)


def is_grpc(request: Request) -> bool:
    return request.target.startswith("grpc://")


def _is_text(data: bytes) -> bool:
    """Whether these bytes are words rather than a message."""
    try:
        return data.decode().translate(_BREAKS).isprintable()
    except UnicodeDecodeError:
        return False


_BREAKS = str.maketrans("", "", "\n\r\t")


def words(body: bytes) -> str:
    """Messages as a person reads them: the fields by number, what reads as text as text."""
    return "\n".join([_message(data) for kind, data in frames(body) if kind == MESSAGE])


def _message(data: bytes) -> str:
    if len(data) > SHOWN:
        return f"[{len(data)} bytes]"
    return _shown(data, 0)


def _shown(data: bytes, depth: int) -> str:
    inside = fields(data) if depth < MAX_DEPTH else None
    if inside is None or (depth and _is_text(data)):
        return repr(data.decode()) if _is_text(data) else f"[{len(data)} bytes]"
    return "{" + ", ".join([f"{number}: {_value(kind, value, depth)}" for number, kind, value in inside]) + "}"


def _value(kind: int, value: Any, depth: int) -> str:
    if kind == BYTES:
        return _shown(value, depth + 1)
    return str(value) if isinstance(value, int) else f"0x{value[::-1].hex()}"
