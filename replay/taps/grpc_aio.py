"""``grpc.aio``: channels of its asyncio interface.

Seam: the channel in C that the library's calls are made on (``Channel._channel``), and the call object that it gives
for each of them. All above it (interceptors, serializers, iterators, tasks and errors) is the library's own code, live
and on replay alike. What passes is bytes.

Not seen: channels over Unix sockets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, Final, TypeVar

from replay.canon.grpc import MESSAGE, TRAILERS, frame
from replay.dialects.grpc import Status
from replay.dialects.grpc import status as read_status
from replay.events import End, Failure, Head, Request
from replay.taps import boundary
from replay.taps import grpc_wire as wire
from replay.taps.boundary import Boundary
from replay.taps.conversation import Conversation
from replay.taps.patch import wrap

T = TypeVar("T")

READY: Final = 2
"""The state of a channel that is connected (``grpc.ChannelConnectivity``)."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``grpc.aio._channel``."""

    def init(original: Callable[..., Any]) -> Callable[..., Any]:
        def __init__(channel: Any, target: Any, *args: Any, **options: Any) -> None:
            with boundary.inside():  # the thread that gRPC starts with its first channel is none of the program's
                original(channel, target, *args, **options)
            if not wire.is_local(target):
                channel._channel = _Channel(module, channel._channel, wire.text(target))

        return __init__

    wrap(module.Channel, "__init__", init)


class _Channel:
    """The channel in C, as the library sees it."""

    def __init__(self, module: ModuleType, real: Any, target: str) -> None:
        self.module = module
        self.real = real
        self.host = target

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def call(self, method: bytes, *args: Any) -> Any:
        session = boundary.current()
        if session is None:
            return self.real.call(method, *args)
        return _Call(self, session, wire.target(self.host, method), lambda: self.real.call(method, *args))

    def check_connectivity_state(self, try_to_connect: bool) -> Any:
        session = boundary.current()
        if session is not None and session.serves:
            return READY
        return self.real.check_connectivity_state(try_to_connect)

    async def watch_connectivity_state(self, *args: Any) -> Any:
        with boundary.inside():
            return await self.real.watch_connectivity_state(*args)


class _Told:
    """A status, as the library asks for it."""

    def __init__(self, status: Status) -> None:
        self.status = status

    def code(self) -> int:
        return self.status.code

    def details(self) -> str:
        return self.status.details

    def trailing_metadata(self) -> Any:
        return wire.metadata(self.status.metadata)

    def debug_error_string(self) -> str:
        return self.status.debug


class _Call:
    """The call object in C, recorded or served. ``real`` is None on replay and before the call begins."""

    def __init__(self, channel: _Channel, session: Boundary, target: str, make: Callable[[], Any]) -> None:
        self.cygrpc = channel.module.cygrpc
        self.session = session
        self.target = target
        self.make = make
        self.real: Any = None
        self.call: Any = None
        self.told: Status | None = None
        self._status: _Told | None = None  # the library looks at these two by itself
        self._initial_metadata: wire.Metadata = ()
        self.is_cancelled = False
        self.initial: asyncio.Future[wire.Metadata] = asyncio.get_running_loop().create_future()
        self.end: asyncio.Future[_Told] = asyncio.get_running_loop().create_future()
        self.callbacks: list[Callable[[], Any]] = []
        self.may_send = asyncio.Event()

    # What the library asks -------------------------------------------------------------------------------------------

    def done(self) -> bool:
        return self.told is not None

    def cancelled(self) -> bool:
        return self.told is not None and self.told.code == wire.CANCELLED.code

    def is_locally_cancelled(self) -> bool:
        return self.is_cancelled

    def is_ok(self) -> bool:
        return self.told is not None and self.told.code == 0

    def time_remaining(self) -> float | None:
        """No time limit is kept."""
        return None

    async def status(self) -> _Told:
        return await asyncio.shield(self.end)

    async def initial_metadata(self) -> wire.Metadata:
        return await asyncio.shield(self.initial)

    def add_done_callback(self, callback: Callable[[], Any]) -> None:
        if self.told is not None:
            callback()
        else:
            self.callbacks.append(callback)

    def cancel(self, details: str) -> None:
        self.is_cancelled = True
        if self.real is not None:
            self.real.cancel(details)
        if self.call is not None:
            self.call.deliver(End("closed"))
        self._settle(Status(wire.CANCELLED.code, details))

    def set_internal_error(self, details: str) -> None:
        self._settle(Status(13, details))

    # Requests --------------------------------------------------------------------------------------------------------

    async def unary_unary(self, request: bytes, metadata: Any, context: Any) -> bytes | None:
        self._begin(request, metadata)
        if self.call.served is not None:
            return await self._served_one()
        return await self._one(lambda: self.real.unary_unary(request, metadata, context))

    async def stream_unary(self, metadata: Any, observer: Callable[[], None], context: Any) -> bytes | None:
        self._begin(None, metadata)
        observer()
        if self.call.served is not None:
            return await self._served_one()
        return await self._one(lambda: self.real.stream_unary(metadata, self.may_send.set, context))

    async def initiate_unary_stream(self, request: bytes, metadata: Any, context: Any) -> None:
        self._begin(request, metadata)
        await self._open(lambda: self.real.initiate_unary_stream(request, metadata, context))

    async def initiate_stream_stream(self, metadata: Any, observer: Callable[[], None], context: Any) -> None:
        self._begin(None, metadata)
        observer()
        await self._open(lambda: self.real.initiate_stream_stream(metadata, self.may_send.set, context))

    async def send_serialized_message(self, data: bytes) -> None:
        said = self.conversation.says("SEND", frame(data))
        await self._say(said, lambda: self.real.send_serialized_message(data))

    async def send_receive_close(self) -> None:
        await self._say(self.conversation.says("CLOSE", b""), lambda: self.real.send_receive_close())

    def _begin(self, request: bytes | None, metadata: Any) -> None:
        fields = (*wire.TYPED, *wire.headers(metadata))
        body = b"" if request is None else frame(request)
        self.call = self.session.issue(Request("http", "POST", self.target, fields, body))
        self.conversation = Conversation(self.session, self.call, self.target, wire.TYPED)
        served = self.call.served
        self.recorded = deque(served.chunks if served is not None else ())
        if served is None:
            self.real = self.make()

    async def _say(self, said: Any, perform: Callable[[], Awaitable[Any]]) -> None:
        end = (said.served.end or End()) if said.served is not None else End()
        if self.real is not None:
            try:
                await self._really(self.may_send.wait)
                await self._really(perform)
            except self.cygrpc.InternalError as error:
                end = End("failed", Failure("grpc.InternalError", str(error)))
        await said.adeliver(end)
        if end.failure is not None:
            raise self.cygrpc.InternalError(end.failure.message)

    # Answers ---------------------------------------------------------------------------------------------------------

    async def receive_serialized_message(self) -> Any:
        if self.told is not None:
            return self.cygrpc.EOF
        if self.call.served is not None:
            return await self._served_next()
        data = await self._really(lambda: self.real.receive_serialized_message())
        if data is self.cygrpc.EOF:
            await self._ends()
        else:
            await self.call.adeliver(wire.message(data))
        return data

    async def _one(self, perform: Callable[[], Awaitable[Any]]) -> bytes | None:
        data = await self._really(perform)
        self.may_send.set()  # also where nothing can be sent any more
        await self._opened(wire.head(await self._really(self.real.initial_metadata)))
        if self.real.is_ok():
            await self.call.adeliver(wire.message(data))
        await self._ends()
        return data if self.is_ok() else None

    async def _open(self, perform: Callable[[], Awaitable[Any]]) -> None:
        served = self.call.served
        if served is not None:
            await self._served_head()
            return
        await self._really(perform)
        self.may_send.set()
        await self._opened(wire.head(await self._really(self.real.initial_metadata)))

    async def _opened(self, head: Head) -> None:
        await self.call.adeliver(head)
        self._initial_metadata = wire.initial(head)
        if not self.initial.done():
            self.initial.set_result(self._initial_metadata)

    async def _ends(self) -> None:
        told = await self._really(self.real.status)
        status = wire.status_of(told.code(), told.details(), told.trailing_metadata(), told.debug_error_string())
        for part in wire.ending(status):
            await self.call.adeliver(part)
        self._settle(status)

    async def _really(self, perform: Callable[[], Awaitable[T]]) -> T:
        with boundary.inside():
            return await perform()

    async def _served_head(self) -> None:
        answer = self.call.served
        if answer.head is None:
            # A call that was cancelled never had an answer: it waits here until it is cancelled again.
            await self.call.adeliver(answer.end if answer.end is not None and answer.failure is not None else End())
            raise wire.FAILURES.build(answer.failure or Failure("ConnectionError", "the call was given up"))
        await self._opened(answer.head)

    async def _served_one(self) -> bytes | None:
        await self._served_head()
        data = await self._served_next()
        while self.told is None:
            await self._served_next()
        return data if self.is_ok() else None

    async def _served_next(self) -> Any:
        if not self.recorded:
            await self.call.adeliver(End())  # the recorded run took no more: this is a divergence
            self._settle(wire.CANCELLED)
            return self.cygrpc.EOF
        chunk = self.recorded.popleft()
        await self.call.adeliver(chunk)
        kind, data = wire.kind_and_data(chunk)
        if kind == MESSAGE:
            return data
        assert kind == TRAILERS
        await self.call.adeliver(self.call.served.end or End())
        self._settle(read_status(data))
        return self.cygrpc.EOF

    def _settle(self, status: Status) -> None:
        if self.told is not None:
            return
        self.told, self._status = status, _Told(status)
        self.may_send.set()
        if not self.initial.done():
            self.initial.set_result(())
        if not self.end.done():
            self.end.set_result(self._status)
        for callback in self.callbacks:
            callback()
