"""What both clients of ``websockets`` have in common: handshakes, frames and errors as events, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final, Literal

from replay.dialects.websocket import NO_CODE, Closing, Frame, message
from replay.events import Answer, Chunk, End, Failure, Head, Part
from replay.taps.failures import SYSTEM, Failures, exceptions_of

SUBPROTOCOL: Final = "sec-websocket-protocol-index"
"""A field of ours: which of the offered subprotocols was taken. The names themselves may be keys, and are redacted."""

_EOF: Final = "websockets.InvalidMessage of EOFError"
"""The failure of a handshake that nobody answered. Whether ``connect`` tries again depends on that."""

_LIMITS: Final = ("max_size", "max_message_size", "max_fragment_size")
_DATA: Final = frozenset({0, 1, 2})
"""Opcodes of frames that hold (a piece of) a message (RFC 6455, section 5.2)."""


class Library:
    """The classes of ``websockets``, as ``module``, one of its clients, knows them."""

    def __init__(self, module: ModuleType) -> None:
        self.exceptions = sys.modules["websockets.exceptions"]
        errors = {f"websockets.{name}": kind for name, kind in exceptions_of(self.exceptions).items()}
        self.failures = Failures(SYSTEM | errors, base=self.exceptions.InvalidHandshake)
        self.closed = self.exceptions.ConnectionClosed
        self.protocol = sys.modules["websockets.protocol"]
        self.frames = sys.modules["websockets.frames"]
        self.make_response = module.Response
        self.make_headers = sys.modules["websockets.datastructures"].Headers

    # The handshake ---------------------------------------------------------------------------------------------------

    def asks(self, protocol: Any, additional_headers: Any, user_agent_header: str | None) -> Any:
        """The handshake's request, as the library itself makes it."""
        request = protocol.connect()
        if additional_headers is not None:
            request.headers.update(additional_headers)
        if user_agent_header is not None:
            request.headers.setdefault("User-Agent", user_agent_header)
        return request

    def head(self, real: Any) -> Head:
        """The head of a handshake that went well."""
        response, protocol = real.response, real.protocol
        headers = tuple(response.headers.raw_items())
        if protocol.subprotocol is not None:
            headers += ((SUBPROTOCOL, str(list(protocol.available_subprotocols).index(protocol.subprotocol))),)
        return Head(response.status_code, response.reason_phrase, "HTTP/1.1", headers)

    def refusal(self, error: Exception) -> list[Part]:
        """How a handshake ended that failed."""
        if isinstance(error, self.exceptions.InvalidStatus):
            response = error.response
            head = Head(response.status_code, response.reason_phrase, "HTTP/1.1", tuple(response.headers.raw_items()))
            return [head, *([Chunk(bytes(response.body))] if response.body else []), End()]
        if isinstance(error, self.exceptions.InvalidMessage) and isinstance(error.__cause__, EOFError):
            return [End("failed", Failure(_EOF, str(error)))]
        return [self.failures.end(error, started=False)]

    def error(self, failure: Failure | None) -> BaseException:
        """The library's own exception for a handshake without an answer."""
        if failure is None:
            return self.failures.base("the recorded program gave this connection up before an answer came")
        if failure.name != _EOF:
            return self.failures.build(failure)
        error: Exception = self.exceptions.InvalidMessage(failure.message)
        error.__cause__ = EOFError(failure.message)
        return error

    def refused(self, answer: Answer) -> Exception:
        """The library's own exception for an answer that is no change of protocols."""
        assert answer.head is not None
        head = answer.head
        response = self.make_response(head.status, head.reason, self.make_headers(head.headers), answer.body)
        refused: Exception = self.exceptions.InvalidStatus(response)
        return refused

    def rest(self, answer: Answer) -> list[Part]:
        """What follows the head of an answer that is no change of protocols."""
        return [*answer.chunks, answer.end or End()]

    def switch(self, connection: Any, head: Head) -> None:
        """Have ``connection`` go on as if ``head`` had answered its handshake.

        What passes over it afterwards is not compressed, and as large as it is: the real one has seen to its limits.
        """
        protocol = connection.protocol
        headers = self.make_headers([field for field in head.headers if field[0] != SUBPROTOCOL])
        index, offered = head.header(SUBPROTOCOL) or "", list(protocol.available_subprotocols or ())
        if index.isdecimal() and len(index) < 4 and int(index) < len(offered):
            protocol.subprotocol = offered[int(index)]
            headers.pop("Sec-WebSocket-Protocol", None)
            headers["Sec-WebSocket-Protocol"] = protocol.subprotocol
        connection.response = self.make_response(head.status, head.reason, headers)
        protocol.extensions = []
        for limit in _LIMITS:
            if hasattr(protocol, limit):
                setattr(protocol, limit, None)
        protocol.state = self.protocol.OPEN
        protocol.parser = protocol.parse()  # the one that waits for an answer to the handshake waits no more
        next(protocol.parser)

    # Frames ----------------------------------------------------------------------------------------------------------

    def frame(self, data: bytes, *, is_text: bool) -> bytes:
        """A message as a server sends it."""
        return self._serialized(self.frames.OP_TEXT if is_text else self.frames.OP_BINARY, data)

    def pong(self, data: bytes) -> bytes:
        return self._serialized(self.frames.OP_PONG, data)

    def end(self, connection: Any, closing: Closing) -> None:
        """Bring ``connection`` to where only the end of the transport is missing."""
        protocol = connection.protocol
        received, sent, received_first = closing
        if sent is not None and not received_first and protocol.close_sent is None:
            protocol.fail(*sent)  # the library itself gave the connection up, over what we have not kept
            protocol.data_to_send()
            protocol.close_rcvd = received and self.frames.Close(*received)
        elif received is not None:
            connection.data_received(self._close_frame(received))

    def over(self, protocol: Any, closing: Closing) -> None:
        """Have ``protocol``, which has had no part in it, say how its connection ended."""
        received, sent, protocol.close_rcvd_then_sent = closing
        protocol.close_rcvd = received and self.frames.Close(*received)
        protocol.close_sent = sent and self.frames.Close(*sent)
        if received is None:
            protocol.parser_exc = EOFError("unexpected end of stream")
        protocol.state = self.protocol.CLOSED

    def _close_frame(self, told: Frame) -> bytes:
        code, reason = told
        return self._serialized(
            self.frames.OP_CLOSE, b"" if code == NO_CODE else self.frames.Close(code, reason).serialize()
        )

    def _serialized(self, opcode: Any, data: bytes) -> bytes:
        serialized: bytes = self.frames.Frame(opcode, data).serialize(mask=False)
        return serialized


Said = tuple[Literal["message", "ping", "close"], bytes]


class Parser:
    """Reads what a client writes: whole messages as they are kept, pings, and close frames."""

    def __init__(self, library: Library) -> None:
        self._frames = library.frames
        self._protocol = library.protocol.Protocol(library.protocol.SERVER, max_size=None)
        self._is_text = False
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Said]:
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            if frame.opcode in _DATA:
                yield from self._piece(frame)
            elif frame.opcode == self._frames.OP_PING:
                yield "ping", bytes(frame.data)
            elif frame.opcode == self._frames.OP_CLOSE:
                yield "close", bytes(frame.data)

    def _piece(self, frame: Any) -> Iterator[Said]:
        if frame.opcode != self._frames.OP_CONT:
            self._is_text = frame.opcode == self._frames.OP_TEXT
        self._pieces.append(bytes(frame.data))
        if frame.fin:
            pieces, self._pieces = self._pieces, []
            yield "message", message(b"".join(pieces), is_text=self._is_text)
