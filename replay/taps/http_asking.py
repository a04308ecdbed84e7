"""One request of ``http.client``, from its first byte to its response.

A request is one once all of it has been sent; it is held until then, and then made for real or looked up. An answer
without a head that holds an empty chunk failed after its request had been sent.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from replay.events import Answer, Chunk, End, Headers, Request
from replay.taps import boundary, wire
from replay.taps.boundary import Call
from replay.taps.failures import SYSTEM, Failures
from replay.taps.http_client import ASKING
from replay.taps.resend import resent

FAILURES: Final = Failures(SYSTEM, base=ConnectionError)

_STATE: Final = "_HTTPConnection__state"
_RESPONSE: Final = "_HTTPConnection__response"


class Asking:
    """A request of ``connection``, whose real method ``send`` is given.

    ``call`` is None until the request is whole.
    """

    def __init__(self, module: ModuleType, connection: Any, send: Callable[..., Any]) -> None:
        self.module = module
        self.connection = connection
        self.send = send
        self.sent = bytearray()
        self.is_whole: Callable[[bytearray], bool] | None = None
        self.call: Call | None = None
        self.served: Answer | None = None

    def feed(self, piece: Any) -> None:
        data = wire.body_bytes(piece)[0]
        if self.call is not None:  # more than was announced
            if self.served is None:
                with boundary.inside():
                    self.send(self.connection, data)
            return
        self.sent += data
        if self.is_whole is None and b"\r\n\r\n" in self.sent:
            self.is_whole = _end_of(self.sent)
        if self.is_whole is not None and self.is_whole(self.sent):
            self.ask()

    def ask(self) -> None:
        """The request is whole: it is made, or its answer looked up."""
        session = boundary.current()
        assert session is not None
        sent = bytes(self.sent)
        self.call = call = session.issue(self._request(sent))
        self.served = call.served if call.instead is None else resent(call.instead)
        if self.served is None:
            self._try(lambda: self.send(self.connection, sent))
        elif self.served.head is None and not self.served.chunks:
            self._fail(self.served)

    def answer(self, getresponse: Callable[..., Any]) -> Any:
        if self.call is None:
            self.ask()
        assert self.call is not None
        if self.served is not None:
            return self._serve(self.call, self.served)
        response = self._try(lambda: getresponse(self.connection), was_sent=True)
        self.call.deliver(wire.head(response))
        wire.record_body(self.call, response)
        return response

    def _serve(self, call: Call, answer: Answer) -> Any:
        connection = self.connection
        last = getattr(connection, _RESPONSE)
        if getattr(connection, _STATE) != "Request-sent" or (last is not None and not last.isclosed()):
            raise self.module.ResponseNotReady(getattr(connection, _STATE))
        if answer.head is None:
            for chunk in answer.chunks:
                call.deliver(chunk)
            self._fail(answer)
        response = wire.serve(call, answer, connection._method)
        setattr(connection, _STATE, "Idle")
        if response.will_close:
            connection.close()
        else:
            setattr(connection, _RESPONSE, response)
        return response

    def _try(self, perform: Callable[[], Any], *, was_sent: bool = False) -> Any:
        assert self.call is not None
        try:
            with boundary.inside():
                return perform()
        except BaseException as error:
            self.connection.__dict__.pop(ASKING, None)
            if was_sent:
                self.call.deliver(Chunk(b""))
            self.call.deliver(FAILURES.end(error, started=False))
            raise

    def _fail(self, answer: Answer) -> None:
        """Raise what was raised; a connection that failed is closed."""
        assert self.call is not None
        self.connection.__dict__.pop(ASKING, None)
        self.call.deliver(answer.end or End("closed"))
        if answer.failure is None:
            raise ConnectionError("the recorded program gave this request up before an answer came")
        error = FAILURES.build(answer.failure)
        if answer.chunks and isinstance(error, ConnectionError):
            self.connection.close()
        raise error

    def _request(self, sent: bytes) -> Request:
        head, _, body = sent.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, *_ = [*line.split(" "), "", ""]
        fields = _fields(lines)
        return Request("http", method, self._url(target), fields, _body(fields, body))

    def _url(self, target: str) -> str:
        connection = self.connection
        if "://" in target.partition("?")[0]:  # through a proxy in plain text
            return target
        scheme, default = ("https", 443) if isinstance(connection, self.module.HTTPSConnection) else ("http", 80)
        host = connection._tunnel_host or connection.host
        port = (connection._tunnel_port if connection._tunnel_host else connection.port) or default
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}{'' if port == default else f':{port}'}{target}"


def _fields(lines: list[str]) -> Headers:
    """Header fields as sent; the lines of one that was folded are joined."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        else:
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))
    return tuple(fields)


def _framing(fields: Headers) -> tuple[bool, int]:
    """Whether a body comes in chunks, and else how long it is (RFC 9112, section 6.3)."""
    told = {name.lower(): value for name, value in fields}
    length = told.get("content-length", "")
    return "chunked" in told.get("transfer-encoding", "").lower(), int(length) if length.isdigit() else 0


def _end_of(sent: bytearray) -> Callable[[bytearray], bool]:
    """What tells, each time that more has been sent, whether that is all. The head has been."""
    start = sent.index(b"\r\n\r\n") + 4
    chunked, length = _framing(_fields(sent[:start].decode("latin-1").split("\r\n")[1:-2]))
    if chunked:  # the last chunk, and what may follow it, ends with an empty line
        return lambda sent: sent.endswith(b"\r\n\r\n", start) and _unchunked(bytes(sent[start:]))[1]
    return lambda sent: len(sent) - start >= length


def _body(fields: Headers, body: bytes) -> bytes:
    return _unchunked(body)[0] if _framing(fields)[0] else body


def _unchunked(body: bytes) -> tuple[bytes, bool]:
    """The body that these chunks hold (RFC 9112, section 7.1), and whether the last one is among them."""
    pieces: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        size = body[at:end].partition(b";")[0].strip()
        if end < 0 or not size or size.strip(b"0123456789abcdefABCDEF"):
            return b"".join(pieces), False
        start = end + 2
        if not int(size, 16):
            return b"".join(pieces), body.endswith(b"\r\n", start)
        at = start + int(size, 16)
        pieces.append(body[start:at])
        at += 2
