"""``websockets``: its threading client.

Seam: ``connect``, and the methods of the connection that it gives. A message is recorded when the program takes it, in
the thread that waits for it. On replay the program gets a connection that has neither a socket nor a thread.

Not seen: single fragments of a message (``recv_streaming`` gives whole messages, live and on replay alike).
"""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

from replay.dialects.websocket import CLOSED, ESCAPE, LATE, SWITCHED, TEXT, Closing, closing, message, taken_apart
from replay.events import Answer, Chunk, End, Failure, Request
from replay.taps import boundary, byname
from replay.taps.boundary import Call
from replay.taps.conversation import Conversation, closing_of
from replay.taps.patch import original_of, wrap
from replay.taps.websockets_wire import Library

_SPOKEN: Final = "_replay_spoken"
_SENDING: Final = "websockets.ConnectionClosed"


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``websockets.sync.client``."""
    library = Library(module)
    wrap(module, "connect", lambda original: _connect(library, module, original))
    byname.replace([(original_of(module.connect), module.connect)])
    for name in ("recv", "recv_streaming", "send", "close", "ping", "pong"):
        wrap(module.ClientConnection, name, _METHODS[name])


def _connect(library: Library, module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(uri: str, **options: Any) -> Any:
        session = boundary.current()
        if session is None or options.get("unix"):
            return original(uri, **options)
        protocol = _protocol(library, module, uri, options)
        agent = options.get("user_agent_header", module.USER_AGENT)
        asked = library.asks(protocol, options.get("additional_headers"), agent)
        call = session.issue(Request("http", "GET", uri, tuple(asked.headers.raw_items())))
        if call.served is None:
            connection = _live(library, call, lambda: original(uri, **options))
        else:
            connection = _serve(library, call, call.served, options, module, protocol)
            connection.request = asked
        spoken = _Spoken(library, Conversation(session, call, uri), connection)
        connection.__dict__[_SPOKEN] = spoken
        return connection

    return connect


def _protocol(library: Library, module: ModuleType, uri: str, options: dict[str, Any]) -> Any:
    given = {name: options[name] for name in ("origin", "subprotocols") if name in options}
    return module.ClientProtocol(module.parse_uri(uri), **given)


def _live(library: Library, call: Call, perform: Callable[[], Any]) -> Any:
    try:
        with boundary.inside():
            connection = perform()
    except Exception as error:
        for part in library.refusal(error):
            call.deliver(part)
        raise
    except BaseException as error:
        call.deliver(library.failures.end(error, started=False))
        raise
    call.deliver(library.head(connection))
    return connection


def _serve(
    library: Library, call: Call, answer: Answer, options: dict[str, Any], module: ModuleType, protocol: Any
) -> Any:
    if answer.head is None:
        call.deliver(answer.end or End("closed"))
        raise library.error(answer.failure)
    call.deliver(answer.head)
    if answer.head.status != SWITCHED:
        for part in library.rest(answer):
            call.deliver(part)
        raise library.refused(answer)
    wanted = options.get("create_connection")
    kind = wanted if isinstance(wanted, type) else module.ClientConnection
    connection = object.__new__(kind)  # its constructor would start a thread
    connection.__dict__.update(
        protocol=protocol, id=protocol.id, logger=protocol.logger, debug=False, latency=0.0, socket=_NoSocket()
    )
    library.switch(connection, answer.head)
    return connection


class _NoSocket:
    """What a served connection has for a socket."""

    def __getattr__(self, name: str) -> Any:
        raise OSError(f"a recorded connection has no socket ({name})")


class _Spoken:
    """What passes over one connection. ``left`` was received by the library and not yet taken by the program."""

    def __init__(self, library: Library, conversation: Conversation, connection: Any) -> None:
        self.library = library
        self.conversation = conversation
        self.call = conversation.call
        self.connection = connection
        answer = self.call.served
        self.recorded: deque[Chunk] = deque(answer.chunks if answer is not None else ())
        self.left: deque[bytes] = deque()
        self.closed: BaseException | None = None

    # Messages that come --------------------------------------------------------------------------------------------

    def next(self, wait: Callable[[], Any]) -> tuple[bool, bytes]:
        """The next message, and whether it is a text. Raises what the library raises."""
        if self.closed is not None:
            raise self.closed
        kept = self._recorded() if self.conversation.is_served else self._come(wait)
        kind, data = taken_apart(kept)
        if kind == LATE:
            raise TimeoutError(data.decode() or "timed out")
        if kind == CLOSED:
            self._end(data)
            assert self.closed is not None
            raise self.closed
        return kind == TEXT, data

    def _recorded(self) -> bytes:
        if not self.recorded:
            self.call.deliver(End())  # the recorded run took no more: this is a divergence
            return ESCAPE + LATE
        chunk = self.recorded.popleft()
        self.call.deliver(chunk)
        return chunk.data

    def _come(self, wait: Callable[[], Any]) -> bytes:
        kept = self.left.popleft() if self.left else self._received(wait)
        self.call.deliver(Chunk(kept))
        return kept

    def _received(self, wait: Callable[[], Any]) -> bytes:
        try:
            with boundary.inside():
                got = wait()
        except TimeoutError as error:
            return ESCAPE + LATE + str(error).encode()
        except self.library.closed:
            return closing_of(self.connection.protocol).encoded()
        except Exception:
            raise
        except BaseException as error:
            self.call.deliver(self.library.failures.end(error, started=True))
            raise
        is_text = isinstance(got, str)
        return message(got.encode() if is_text else bytes(got), is_text=is_text)

    def _end(self, data: bytes) -> None:
        if self.conversation.is_served:
            self.library.over(self.connection.protocol, closing(data))
        self.closed = self.connection.protocol.close_exc
        self.call.deliver(End())

    # Messages that go ----------------------------------------------------------------------------------------------

    def send(self, kept: bytes, perform: Callable[[], None]) -> None:
        if self.closed is not None:
            raise self.closed
        said = self.conversation.says("SEND", kept)
        if said.served is not None:
            end = said.served.end or End()
            said.deliver(end)
            if end.failure is not None:
                raise self._refused(end.failure)
        if not self.conversation.is_served:
            self._send(said, perform)

    def _send(self, said: Call, perform: Callable[[], None]) -> None:
        try:
            with boundary.inside():
                perform()
        except self.library.closed as error:
            state = closing_of(self.connection.protocol).encoded()
            said.deliver(End("failed", Failure(_SENDING, str(error), state)))
            raise
        except BaseException as error:
            said.deliver(self.library.failures.end(error, started=False))
            raise
        said.deliver(End())

    def _refused(self, failure: Failure) -> BaseException:
        if failure.name != _SENDING:
            return self.library.failures.build(failure)
        self.library.over(self.connection.protocol, closing(taken_apart(failure.state)[1]))
        refused: BaseException = self.connection.protocol.close_exc
        return refused

    def close(self, code: int, reason: str, perform: Callable[[], None], look: Callable[[], Any]) -> None:
        if self.closed is not None:
            return
        self.conversation.closes(code, reason).deliver(End())
        if self.conversation.is_served:
            if self.recorded and taken_apart(self.recorded[0].data)[0] == CLOSED:
                self._end(taken_apart(self._recorded())[1])
            return
        with boundary.inside():
            perform()
        kept = self._received(look)
        if taken_apart(kept)[0] == CLOSED:
            self.call.deliver(Chunk(kept))
            self._end(taken_apart(kept)[1])
        else:
            self.left.append(kept)


# The methods -----------------------------------------------------------------------------------------------------


def _spoken(connection: Any) -> _Spoken | None:
    """What is told of ``connection``; None when it is as if we were not here."""
    spoken: _Spoken | None = connection.__dict__.get(_SPOKEN)
    if spoken is None or not spoken.conversation.is_over:
        return spoken
    if not spoken.conversation.is_served:
        return None
    if spoken.closed is None:  # nothing comes any more from a cassette that is closed
        spoken.library.over(connection.protocol, Closing(None, None, None))
        spoken.closed = connection.protocol.close_exc
    return spoken


def _recv(original: Callable[..., Any]) -> Callable[..., Any]:
    def recv(connection: Any, timeout: float | None = None, decode: bool | None = None) -> Any:
        spoken = _spoken(connection)
        if spoken is None:
            return original(connection, timeout, **_given(original, decode))
        is_text, data = spoken.next(lambda: original(connection, timeout))
        return data.decode() if (is_text if decode is None else decode) else data

    return recv


def _given(original: Callable[..., Any], decode: bool | None) -> dict[str, Any]:
    """The argument as this version of the library knows it."""
    return {"decode": decode} if "decode" in inspect.signature(original).parameters else {}


def _recv_streaming(original: Callable[..., Any]) -> Callable[..., Any]:
    def recv_streaming(connection: Any, *args: Any, **options: Any) -> Iterator[Any]:
        if _spoken(connection) is not None:
            yield connection.recv(None, *args, **options)
        else:
            yield from original(connection, *args, **options)

    return recv_streaming


def _send(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(connection: Any, data: Any, text: bool | None = None) -> None:
        given = {} if text is None else {"text": text}
        spoken = _spoken(connection)
        if spoken is None:
            original(connection, data, **given)
            return
        data = data if isinstance(data, (str, bytes, bytearray, memoryview)) else _joined(data)
        is_text = isinstance(data, str) if text is None else text
        kept = message(data.encode() if isinstance(data, str) else bytes(data), is_text=is_text)
        spoken.send(kept, lambda: original(connection, data, **given))

    return send


def _joined(pieces: Any) -> Any:
    """A message of several pieces, as one."""
    if isinstance(pieces, dict) or not hasattr(pieces, "__iter__"):
        raise TypeError("message must be str, bytes, or iterable")
    parts = list(pieces)
    return "".join(parts) if parts and isinstance(parts[0], str) else b"".join(map(bytes, parts))


def _close(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(connection: Any, code: int = 1000, reason: str = "") -> None:
        spoken = _spoken(connection)
        if spoken is None:
            original(connection, code, reason)
        else:
            look = original_of(type(connection).recv)
            spoken.close(
                int(code), reason, lambda: original(connection, code, reason), lambda: look(connection, timeout=0)
            )

    return close


def _ping(original: Callable[..., Any]) -> Callable[..., Any]:
    def ping(connection: Any, *args: Any, **options: Any) -> Any:
        if not _is_served(connection):
            return original(connection, *args, **options)
        answered = threading.Event()
        answered.set()
        return answered

    return ping


def _pong(original: Callable[..., Any]) -> Callable[..., Any]:
    def pong(connection: Any, *args: Any, **options: Any) -> None:
        if not _is_served(connection):
            original(connection, *args, **options)

    return pong


def _is_served(connection: Any) -> bool:
    spoken = connection.__dict__.get(_SPOKEN)
    return spoken is not None and spoken.conversation.is_served


_METHODS: Final = {
    "recv": _recv,
    "recv_streaming": _recv_streaming,
    "send": _send,
    "close": _close,
    "ping": _ping,
    "pong": _pong,
}
