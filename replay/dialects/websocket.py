"""A WebSocket connection as events: the handshake, each message of the program, and what came from the other side.

The handshake is an exchange like others: ``GET`` of a ``ws://`` or ``wss://`` URL, answered by status 101. What comes
afterwards are the chunks of that answer, one for each message (RFC 6455, section 5.6) and one for how it all ended.
What the program sends are requests of their own with the connection as their parent: ``SEND`` of a message, and
``CLOSE``, whose body is the code and the reason.

A text message is kept as it is. All else begins with :data:`ESCAPE` and a letter.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from replay.events import Answer, Request

SWITCHED = 101
"""The status of a handshake that went well (RFC 9110, section 15.2.2)."""

ESCAPE = b"\0"

TEXT, BINARY = b"t", b"b"
"""A message. A text is marked only if it begins with :data:`ESCAPE` itself."""

LATE = b"l"
"""The program stopped waiting for a message, by a time limit of its own."""

CLOSED = b"c"
"""The end of the connection: JSON of a :class:`Closing`."""

NO_CODE = 1005
"""Stands for a close frame without a code (RFC 6455, section 7.4.1)."""

Frame = tuple[int, str]
"""Code and reason of a close frame (RFC 6455, section 5.5.1)."""


class Closing(NamedTuple):
    """How a connection ended: the close frames that came and went, and whether the one that came was first."""

    received: Frame | None
    sent: Frame | None
    received_first: bool | None

    def encoded(self) -> bytes:
        return ESCAPE + CLOSED + json.dumps(self._asdict()).encode()


def message(data: bytes, *, is_text: bool) -> bytes:
    """A message as it is kept."""
    if is_text and not data.startswith(ESCAPE):
        return data
    return ESCAPE + (TEXT if is_text else BINARY) + data


def taken_apart(kept: bytes) -> tuple[bytes, bytes]:
    """What ``kept`` is (:data:`TEXT` or one of the others) and the bytes of it."""
    return (kept[1:2], kept[2:]) if kept.startswith(ESCAPE) else (TEXT, kept)


def closing(data: bytes) -> Closing:
    """The twin of :meth:`Closing.encoded`, without its mark; no frames for anything odd."""
    try:
        told: Any = json.loads(data)
        first = told["received_first"]
        return Closing(_frame(told["received"]), _frame(told["sent"]), first if isinstance(first, bool) else None)
    except (ValueError, RecursionError, KeyError, TypeError):
        return Closing(None, None, None)


def _frame(told: Any) -> Frame | None:
    match told:
        case [int(code), str(reason)] if 1000 <= code < 5000:
            return code, reason
    return None


def is_websocket(request: Request) -> bool:
    return request.target.startswith(("ws://", "wss://"))


def words(kept: bytes) -> str:
    """What a person reads of one chunk, or of what the program sent."""
    kind, data = taken_apart(kept)
    if kind == TEXT:
        return data.decode("utf-8", "replace")
    if kind == BINARY:
        return f"[{len(data)} bytes]"
    if kind == LATE:
        return "[nothing in time]"
    frame = closing(data).received or closing(data).sent
    return "[closed]" if frame is None else f"[closed: {frame[0]}{' ' * bool(frame[1])}{frame[1]}]"


def topic(kept: bytes) -> str:
    """The ``type`` that realtime interfaces begin their messages with (OpenAI Realtime), or the first name in it."""
    found = _TYPE.match(kept) or _NAME.match(kept)
    return found[1].decode() if found else ""


_TYPE = re.compile(rb'\s*\{[^{}\[\]]{0,200}?"type"\s*:\s*"([\w.]{1,60})"')
_NAME = re.compile(rb'\s*\{\s*"([\w.]{1,60})"')


def heard(answer: Answer) -> str:
    """All that came over a connection, a message a line."""
    return "\n".join([words(chunk.data) for chunk in answer.chunks])
