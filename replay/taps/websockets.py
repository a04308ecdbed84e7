"""``websockets``: its asyncio client.

Seam: the connection of a ``connect`` that has been told to connect. The program gets the library's own
``ClientConnection`` over a transport of ours; all that it does with it (queues, iteration, pings, the closing handshake
and its errors) is the library's own code, live and on replay alike. Behind the transport stands either a second
``ClientConnection``, the real one, or the cassette. What comes from there passes, message by message, through one task
and is handed to the program in turn.

Connections over Unix sockets are left alone, and so is the ``legacy`` client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, Final

from replay.dialects.websocket import BINARY, CLOSED, NO_CODE, SWITCHED, TEXT, closing, message, taken_apart
from replay.events import Chunk, End, Head, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call
from replay.taps.conversation import Conversation, closing_of
from replay.taps.patch import wrap
from replay.taps.websockets_wire import Library, Parser

_OPENING: Final = "_replay_opening"
_FAR: Final = "_replay_far"


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``websockets.asyncio.client``."""
    library = Library(module)
    wrap(module.connect, "create_connection", lambda original: _create(library, module, original))
    wrap(module.ClientConnection, "handshake", _handshake)
    wrap(module.ClientConnection, "recv", _recv)
    wrap(module.ClientConnection, "recv_streaming", _recv_streaming)


def _create(library: Library, module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(connecting: Any, *args: Any, **options: Any) -> Any:
        session = boundary.current()
        if session is None or connecting.connection_kwargs.get("unix"):
            return await original(connecting, *args, **options)
        connection = connecting.protocol_factory(module.parse_uri(connecting.uri))
        far = _Far(library, session, connection, connecting.uri, lambda: original(connecting, *args, **options))
        connection.__dict__[_OPENING] = connection.__dict__[_FAR] = far
        connection.connection_made(far.transport)
        return connection

    return create_connection


def _handshake(original: Callable[..., Any]) -> Callable[..., Any]:
    async def handshake(connection: Any, *args: Any, **options: Any) -> None:
        far = connection.__dict__.pop(_OPENING, None)
        if far is None:
            await original(connection, *args, **options)
        else:
            await far.open(lambda real: original(real, *args, **options), *args, **options)

    return handshake


def _recv(original: Callable[..., Any]) -> Callable[..., Any]:
    async def recv(connection: Any, *args: Any, **options: Any) -> Any:
        far = connection.__dict__.get(_FAR)
        if far is None:
            return await original(connection, *args, **options)
        await far.is_asked()
        got = await original(connection, *args, **options)
        far.taken += 1
        return got

    return recv


def _recv_streaming(original: Callable[..., Any]) -> Callable[..., Any]:
    async def recv_streaming(connection: Any, *args: Any, **options: Any) -> AsyncIterator[Any]:
        far = connection.__dict__.get(_FAR)
        if far is not None:
            await far.is_asked()
        async for got in original(connection, *args, **options):
            yield got
        if far is not None:
            far.taken += 1

    return recv_streaming


class _Far:
    """The other side of ``connection``. ``fed`` and ``taken`` count the messages that the library and the program got.

    ``is_over``: the cassette holds nothing more, and not how the connection ended.
    """

    def __init__(
        self, library: Library, session: Boundary, connection: Any, uri: str, connect: Callable[[], Awaitable[Any]]
    ) -> None:
        self.library = library
        self.session = session
        self.connection = connection
        self.uri = uri
        self.connect = connect
        self.transport = _Transport(self)
        self.real: Any = None
        self.fed = self.taken = 0
        self.is_over = False
        self.tasks: list[asyncio.Task[None]] = []
        self.outgoing: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    # The handshake ---------------------------------------------------------------------------------------------------

    async def open(
        self,
        shake: Callable[[Any], Awaitable[None]],
        additional_headers: Any = None,
        user_agent_header: str | None = None,
    ) -> None:
        request = self.connection.request = self.library.asks(
            self.connection.protocol, additional_headers, user_agent_header
        )
        call = self.session.issue(Request("http", "GET", self.uri, tuple(request.headers.raw_items())))
        self.call = call
        self.conversation = Conversation(self.session, call, self.uri)
        self.library.switch(self.connection, await (self._live(shake) if call.served is None else self._serve(call)))
        with boundary.inside():  # no task of the program's
            self.tasks = [asyncio.create_task(self._hear())]
            if self.real is not None:
                self.tasks.append(asyncio.create_task(self._speak()))

    async def _live(self, shake: Callable[[Any], Awaitable[None]]) -> Head:
        try:
            with boundary.inside():
                self.real = await self.connect()
                await shake(self.real)
                self.real.start_keepalive()
        except Exception as error:
            self._drop()
            for part in self.library.refusal(error):
                await self.call.adeliver(part)
            raise
        except BaseException:
            self._drop()
            self.call.deliver(End("closed"))
            raise
        head = self.library.head(self.real)
        await self.call.adeliver(head)
        return head

    async def _serve(self, call: Call) -> Head:
        answer = call.served
        assert answer is not None
        if answer.head is None:
            # A handshake that was cancelled never had an answer: it waits here until it is cancelled again.
            await call.adeliver(answer.end if answer.end is not None and answer.failure is not None else End())
            raise self.library.error(answer.failure)
        await call.adeliver(answer.head)
        if answer.head.status == SWITCHED:
            self.is_over = not answer.chunks
            return answer.head
        for part in self.library.rest(answer):
            await call.adeliver(part)
        raise self.library.refused(answer)

    # What comes ------------------------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        try:
            async for chunk in self._come() if self.real is not None else self._recorded():
                await self.call.adeliver(chunk)
                await self.transport.readable.wait()
                if self._feed(chunk.data):
                    await self.call.adeliver(End())
                    self.transport.lost()
        except asyncio.CancelledError:
            self.call.deliver(End("closed"))
            self._drop()
            raise

    async def _come(self) -> AsyncIterator[Chunk]:
        with suppress(self.library.closed):
            while True:
                got = await self.real.recv()
                is_text = isinstance(got, str)
                yield Chunk(message(got.encode() if is_text else bytes(got), is_text=is_text))
        yield Chunk(closing_of(self.real.protocol).encoded())

    async def _recorded(self) -> AsyncIterator[Chunk]:
        assert self.call.served is not None
        *chunks, last = self.call.served.chunks or (None,)
        for chunk in chunks:
            if chunk is not None:
                yield chunk
        if last is not None:
            self.is_over = taken_apart(last.data)[0] != CLOSED
            yield last

    def _feed(self, kept: bytes) -> bool:
        """Give the library what came, and say whether the connection ended with it."""
        kind, data = taken_apart(kept)
        if kind == CLOSED:
            self.library.end(self.connection, closing(data))
        elif kind in (TEXT, BINARY):
            self.fed += 1
            self.connection.data_received(self.library.frame(data, is_text=kind == TEXT))
        return kind == CLOSED

    async def is_asked(self) -> None:
        """The program wants a message: where none will come any more it waits for its turn to be told so."""
        if self.is_over and self.fed <= self.taken:
            await self.call.adeliver(End())
            self.transport.abort()

    # What goes -------------------------------------------------------------------------------------------------------

    def send(self, kept: bytes) -> None:
        if not self.conversation.is_over:
            self.conversation.says("SEND", kept).deliver(End())
        if self.real is not None:
            kind, data = taken_apart(kept)
            self.outgoing.put_nowait(lambda: self.real.send(data.decode() if kind == TEXT else data))

    def close(self, code: int, reason: str) -> None:
        if not self.conversation.is_over:
            self.conversation.closes(code, reason).deliver(End())
        if self.real is not None:
            self.outgoing.put_nowait(lambda: self.real.close(1000 if code == NO_CODE else code, reason))

    async def _speak(self) -> None:
        with suppress(self.library.closed):
            while True:
                await (await self.outgoing.get())()

    def _drop(self) -> None:
        if self.real is not None:
            self.real.transport.abort()

    def dropped(self) -> None:
        """The program's side is gone."""
        for task in self.tasks:
            task.cancel()
        self._drop()


class _Transport(asyncio.Transport):
    """What the library writes to, and is fed by."""

    def __init__(self, far: _Far) -> None:
        super().__init__()
        self.far = far
        self.parser = Parser(far.library)
        self.readable = asyncio.Event()
        self.readable.set()
        self.is_lost = False

    def write(self, data: Any) -> None:
        for kind, said in self.parser.feed(bytes(data)):
            if kind == "ping":
                self.far.connection.data_received(self.far.library.pong(said))
            elif kind == "message":
                self.far.send(said)
            elif self.far.connection.protocol.close_rcvd is None:  # else it answers the one that came
                sent = self.far.connection.protocol.close_sent
                self.far.close(int(sent.code), sent.reason)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """The other side ends the connection; nobody waits there for us to end it."""

    def pause_reading(self) -> None:
        self.readable.clear()

    def resume_reading(self) -> None:
        self.readable.set()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever buffered."""

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        real = self.far.real
        return default if real is None else real.transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self.is_lost

    def abort(self) -> None:
        if not self.is_lost:
            self.far.dropped()
            self.is_lost = True
            asyncio.get_running_loop().call_soon(self.far.connection.connection_lost, None)

    close = abort

    def lost(self) -> None:
        """The connection has ended."""
        if not self.is_lost:
            self.is_lost = True
            self.far.connection.connection_lost(None)
            self.far.dropped()
