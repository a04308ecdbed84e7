"""WebSockets of ``aiohttp``'s client.

Seam: what a connection reads its messages from and writes its frames to. All above (closing, time limits, iteration,
JSON) is aiohttp's own code, live and on replay alike. What comes passes through one task and is handed to the program
in turn. Pings and pongs are answered below, and no part of the run.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from replay.dialects.websocket import BINARY, CLOSED, NO_CODE, SWITCHED, TEXT, Closing, closing, message, taken_apart
from replay.events import Answer, Chunk, End, Failure, Head, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call
from replay.taps.conversation import Conversation
from replay.taps.failures import SYSTEM, Failures, exceptions_of
from replay.taps.websockets_wire import SUBPROTOCOL

Rebuild = Callable[[Failure | None, Any], BaseException]
"""Makes aiohttp's own exception of a failed handshake, about a request of now."""


def connecting(
    module: ModuleType, ended: Callable[[Exception], End], rebuilt: Rebuild
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What wraps ``ClientSession._ws_connect``."""
    library = _Library(module)

    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        async def _ws_connect(client: Any, url: Any, **options: Any) -> Any:
            session = boundary.current()
            if session is None:
                return await original(client, url, **options)
            opening = _Opening(library, session, client, url, options)
            if opening.call.served is not None:
                return await opening.serve(opening.call.served, rebuilt)
            return await opening.live(lambda: original(client, url, **options), ended)

        return _ws_connect

    return wrapping


class _Library:
    """The classes of aiohttp."""

    def __init__(self, module: ModuleType) -> None:
        self.kinds = module.WSMsgType
        self.message = module.WSMessage
        self.text_message = getattr(sys.modules["aiohttp._websocket.models"], "WSMessageTextBytes", self.message)
        self.timeout = module.ClientWSTimeout
        self.request_info = module.RequestInfo
        self.key = module.client_reqrep.ConnectionKey
        own = {"EofStream": module.EofStream, "WebSocketError": module.WebSocketError}
        errors = module.client_exceptions
        self.failures = Failures(SYSTEM | exceptions_of(errors) | own, base=errors.ClientConnectionError)


class _Opening:
    """A handshake."""

    def __init__(self, library: _Library, session: Boundary, client: Any, url: Any, options: dict[str, Any]) -> None:
        self.library = library
        self.client = client
        self.options = options
        self.url = client._build_url(url)
        if options.get("params"):
            self.url = self.url.update_query(options["params"])
        self.headers = client._prepare_headers(options.get("headers"))
        self.protocols = list(options.get("protocols", ()))
        target = str(self.url.with_scheme({"http": "ws", "https": "wss"}.get(self.url.scheme, self.url.scheme)))
        fields = tuple([(str(name), str(value)) for name, value in self.headers.items()])
        self.call = session.issue(Request("http", "GET", target, fields))
        self.conversation = Conversation(session, self.call, target)

    async def live(self, connect: Callable[[], Awaitable[Any]], ended: Callable[[Exception], End]) -> Any:
        try:
            with boundary.inside():
                real = await connect()
        except Exception as error:
            await self.call.adeliver(ended(error))
            raise
        except BaseException:
            self.call.deliver(End("closed"))
            raise
        far = _Far(self, real._reader, real._writer)
        real._reader, real._writer = far.reader, _Writer(far)
        await self.call.adeliver(self._head(real))
        far.listen()
        return real

    def _head(self, real: Any) -> Head:
        response = real._response
        fields = tuple([(str(name), str(value)) for name, value in response.headers.items()])
        if real.protocol in self.protocols:
            fields += ((SUBPROTOCOL, str(self.protocols.index(real.protocol))),)
        return Head(response.status, response.reason or "", "HTTP/1.1", fields)

    async def serve(self, answer: Answer, rebuilt: Rebuild) -> Any:
        if answer.head is None or answer.head.status != SWITCHED:
            await self.call.adeliver(answer.end if answer.end is not None and answer.failure is not None else End())
            raise rebuilt(answer.failure, self._asked())
        await self.call.adeliver(answer.head)
        far = _Far(self, None, None)
        shown = self.client._ws_response_class(
            far.reader,
            _Writer(far),
            self._protocol(answer.head),
            _Closed(),
            self._timeout(),
            self.options.get("autoclose", True),
            self.options.get("autoping", True),
            asyncio.get_running_loop(),
        )
        far.listen()
        return shown

    def _asked(self) -> Any:
        """As much of a request as its errors speak of."""
        url = self.url
        key = self.library.key(url.host, url.port, url.scheme in ("https", "wss"), True, None, None, None)
        return SimpleNamespace(
            request_info=self.library.request_info(url, "GET", self.headers, url), connection_key=key
        )

    def _protocol(self, head: Head) -> str | None:
        index = head.header(SUBPROTOCOL) or ""
        known = index.isdecimal() and len(index) < 4 and int(index) < len(self.protocols)
        return self.protocols[int(index)] if known else None

    def _timeout(self) -> Any:
        """As aiohttp makes it of old and new arguments."""
        given = self.options.get("timeout")
        if isinstance(given, self.library.timeout):
            return given
        close = given if isinstance(given, (int, float)) else 10.0
        return self.library.timeout(ws_receive=self.options.get("receive_timeout"), ws_close=close)


class _Closed:
    """What a served connection has for a response."""

    connection = None

    def close(self) -> None:
        """There is nothing to close."""


class _Far:
    """The other side: the real ``source`` and ``sink``, or the cassette."""

    def __init__(self, opening: _Opening, source: Any, sink: Any) -> None:
        self.library = opening.library
        self.call: Call = opening.call
        self.conversation = opening.conversation
        self.is_text = opening.options.get("decode_text", True)
        self.answers_pings = opening.options.get("autoping", True)
        self.source = source
        self.sink = sink
        self.reader = _Reader(self)
        self.is_over = False
        self.is_closed = False
        self.closing = b""

    def listen(self) -> None:
        with boundary.inside():  # no task of the program's
            self.task = asyncio.get_running_loop().create_task(self._hear())

    async def _hear(self) -> None:
        try:
            async for part in self._come() if self.source is not None else self._recorded():
                await self.call.adeliver(part)
                if isinstance(part, End):
                    self._end(part)
                elif taken_apart(part.data)[0] == CLOSED:
                    self.closing = part.data  # the program is told once there is nothing more to deliver
                else:
                    self._feed(part.data)
        except asyncio.CancelledError:
            self.call.deliver(End("closed"))
            raise

    async def _come(self) -> AsyncIterator[Chunk | End]:
        kinds = self.library.kinds
        while True:
            try:
                got = await self.source.read()
            except Exception as error:
                yield self.library.failures.end(error, started=True)
                return
            if got.type in (kinds.TEXT, kinds.BINARY):
                data = got.data.encode() if isinstance(got.data, str) else bytes(got.data)
                yield Chunk(message(data, is_text=got.type == kinds.TEXT))
            elif got.type == kinds.CLOSE:
                yield Chunk(Closing((int(got.data or NO_CODE), got.extra or ""), None, None).encoded())
                yield End()
                return
            elif got.type == kinds.PING and self.answers_pings:
                await self.sink.send_frame(got.data, kinds.PONG)

    async def _recorded(self) -> AsyncIterator[Chunk | End]:
        answer = self.call.served
        assert answer is not None
        end = answer.end if answer.end is not None and answer.end.ending != "closed" else None
        for left, chunk in zip(range(len(answer.chunks) - 1, -1, -1), answer.chunks, strict=True):
            self.is_over = not left and end is None
            yield chunk
        self.is_over = end is None
        if end is not None:
            yield end

    def _feed(self, kept: bytes) -> None:
        kinds, (kind, data) = self.library.kinds, taken_apart(kept)
        if kind == TEXT and self.is_text:
            self.reader.feed_data(self.library.message(kinds.TEXT, data.decode("utf-8", "replace"), ""))
        elif kind == TEXT:
            self.reader.feed_data(self.library.text_message(kinds.TEXT, data, ""))
        elif kind == BINARY:
            self.reader.feed_data(self.library.message(kinds.BINARY, data, ""))

    def _end(self, end: End) -> None:
        if end.failure is not None:
            self.reader.feed_data(self.library.failures.build(end.failure))
        else:
            self.is_closed = True
            code, reason = closing(taken_apart(self.closing)[1]).received or (NO_CODE, "")
            self.reader.feed_data(
                self.library.message(self.library.kinds.CLOSE, code if code != NO_CODE else 0, reason)
            )

    async def say(self, said: Call, perform: Callable[[], Awaitable[Any]]) -> None:
        """Send what the program has said, or be told again how that went."""
        end = (said.served.end or End()) if said.served is not None else End()
        failed: Exception | None = None
        if self.sink is not None:
            try:
                with boundary.inside():
                    await perform()
            except Exception as error:
                failed, end = error, self.library.failures.end(error, started=False)
        await said.adeliver(end)
        if end.failure is not None:
            raise failed or self.library.failures.build(end.failure)


class _Reader:
    """What the connection takes its messages from."""

    def __init__(self, far: _Far) -> None:
        self.far = far
        self.come: asyncio.Queue[Any] = asyncio.Queue()

    async def read(self) -> Any:
        if self.far.is_over and self.come.empty():
            await self.far.call.adeliver(End())  # the recorded run waited for no more
        got = await self.come.get()
        if isinstance(got, BaseException):
            raise got
        return got

    def feed_data(self, got: Any, _size: int = 0) -> None:
        self.come.put_nowait(got)


class _Writer:
    """What the connection writes its frames to."""

    def __init__(self, far: _Far) -> None:
        self.far = far

    def __getattr__(self, name: str) -> Any:
        return getattr(self.far.sink, name)

    async def send_frame(self, data: Any, opcode: Any, compress: Any = None) -> None:
        far, kinds = self.far, self.far.library.kinds
        if opcode not in (kinds.TEXT, kinds.BINARY) or far.conversation.is_over:
            if far.sink is not None:
                with boundary.inside():
                    await far.sink.send_frame(data, opcode, compress)
            return
        said = far.conversation.says("SEND", message(bytes(data), is_text=opcode == kinds.TEXT))
        await far.say(said, lambda: far.sink.send_frame(data, opcode, compress))

    async def close(self, code: int = 1000, reason: Any = b"") -> None:
        far = self.far
        if far.is_closed or far.conversation.is_over:  # it answers the one that came
            if far.sink is not None:
                with boundary.inside():
                    await far.sink.close(code, reason)
            return
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        await far.say(far.conversation.closes(int(code), words), lambda: far.sink.close(code, reason))
