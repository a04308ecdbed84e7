"""One call of gRPC's blocking interface, recorded or served: what the program has of it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from replay.canon.grpc import MESSAGE, TRAILERS, frame
from replay.dialects.grpc import Status
from replay.dialects.grpc import status as read_status
from replay.errors import StopReplay
from replay.events import End, Request
from replay.taps import boundary
from replay.taps import grpc_wire as wire
from replay.taps.boundary import Boundary
from replay.taps.conversation import Conversation

_Sent = queue.SimpleQueue[bytes | Exception | None]
"""What a real call has still to send: messages, then None, or what the program's iterator raised."""


class Library:
    """The classes of gRPC."""

    def __init__(self, module: ModuleType) -> None:
        self.grpc = module.grpc
        self.serialize = module._common.serialize
        self.deserialize = module._common.deserialize
        self.state = module._RPCState
        self.error = module._InactiveRpcError
        self.stream_error = module._MultiThreadedRendezvous
        self.codes = {code.value[0]: code for code in module.grpc.StatusCode}

    def failed(self, rpc: Rpc, status: Status) -> Exception:
        """The library's own exception for ``status``."""
        state = self.state((), rpc.initial, wire.metadata(status.metadata), self.codes[status.code], status.details)
        state.debug_error_string = status.debug
        error: Exception = self.stream_error(state, None, None, None) if isinstance(rpc, Stream) else self.error(state)
        return error

    def status(self, told: Any) -> Status:
        """How a real call ended."""
        debug = told.debug_error_string() if hasattr(told, "debug_error_string") else ""
        return wire.status_of(told.code().value[0], told.details(), told.trailing_metadata(), debug)


class Rpc:
    """One call, recorded or served. ``status`` is None until the program has been told it."""

    def __init__(self, library: Library, deserializer: Any, session: Boundary, request: Request) -> None:
        self.status: Status | None = None
        self.library = library
        self.deserializer = deserializer
        self.call = session.issue(request)
        self.conversation = Conversation(session, self.call, request.target, wire.TYPED)
        self.recorded = deque(self.call.served.chunks if self.call.served is not None else ())
        self.is_open = False
        self.initial: wire.Metadata = ()
        self.real: Any = None
        self.stopped: StopReplay | None = None
        self._callbacks: list[Callable[[], Any]] = []

    # What goes -------------------------------------------------------------------------------------------------------

    def feed(self, requests: Iterable[Any], serializer: Any) -> Iterator[bytes]:
        """Send ``requests`` from a thread, as gRPC does; what a real call then has to send."""
        sent: _Sent = queue.SimpleQueue()
        threading.Thread(target=self._feed, args=(iter(requests), serializer, sent), daemon=True).start()
        return _taken(sent)

    def _feed(self, requests: Iterator[Any], serializer: Any, sent: _Sent) -> None:
        try:
            for request in requests:
                if self.status is not None or self.conversation.is_over:
                    break
                data = self.library.serialize(request, serializer)
                self.conversation.says("SEND", frame(data)).deliver(End())
                sent.put(data)
            else:
                if self.status is None and not self.conversation.is_over:
                    self.conversation.says("CLOSE", b"").deliver(End())
            sent.put(None)
        except StopReplay as error:
            self.stopped = error
            sent.put(None)
        except Exception as error:  # of the program's iterator: the library makes a status of it
            sent.put(error)

    # What comes ------------------------------------------------------------------------------------------------------

    def opened(self, initial_metadata: Callable[[], Any]) -> None:
        """The head has come."""
        if self.is_open:
            return
        self.is_open = True
        served = self.call.served
        head = served.head if served is not None else wire.head(initial_metadata())
        if head is None:
            end = (served.end if served is not None else None) or End("closed")
            self.call.deliver(end)
            raise wire.FAILURES.build(end.failure) if end.failure else ConnectionError("the call was given up")
        self.call.deliver(head)
        self.initial = wire.initial(head)

    def next_recorded(self) -> tuple[int, bytes]:
        """What comes next in the cassette, in its turn; the status of a call that was given up when nothing does."""
        if self.recorded:
            chunk = self.recorded.popleft()
            self.call.deliver(chunk)
            told = wire.kind_and_data(chunk)
        else:
            served = self.call.served
            end = served.end if served is not None else None
            self.call.deliver(end if end is not None and end.failure is not None else End())
            if end is not None and end.failure is not None:
                raise wire.FAILURES.build(end.failure)
            told = (TRAILERS, b"grpc-status: 1\r\n")
        if self.stopped is not None:
            raise self.stopped
        return told

    def ends(self, status: Status, *, is_told: bool = False) -> None:
        """The call is over."""
        if not is_told:
            chunk, end = wire.ending(status)
            self.call.deliver(chunk)
            self.call.deliver(end)
        self.status = status
        for callback in self._callbacks:
            callback()

    def read(self, data: bytes) -> Any:
        return self.library.deserialize(data, self.deserializer)

    def failed(self) -> Exception:
        assert self.status is not None
        return self.library.failed(self, self.status)

    # What the program may ask ----------------------------------------------------------------------------------------

    def settle(self) -> Status:
        """Wait for the end."""
        raise NotImplementedError

    def code(self) -> Any:
        return self.library.codes[self.settle().code]

    def details(self) -> str:
        return self.settle().details

    def trailing_metadata(self) -> Any:
        return wire.metadata(self.settle().metadata)

    def initial_metadata(self) -> Any:
        self.settle()
        return self.initial

    def debug_error_string(self) -> str:
        return self.settle().debug

    def is_active(self) -> bool:
        return self.status is None

    running = is_active

    def done(self) -> bool:
        return self.status is not None

    def time_remaining(self) -> float | None:
        """No time limit is kept."""
        return None

    def cancelled(self) -> bool:
        return self.status is not None and self.status == wire.CANCELLED

    def cancel(self) -> bool:
        if self.status is not None:
            return False
        if self.real is not None and hasattr(self.real, "cancel"):
            with boundary.inside():
                self.real.cancel()
        self.call.deliver(End("closed"))
        self.ends(wire.CANCELLED, is_told=True)
        return True

    def add_callback(self, callback: Callable[[], Any]) -> bool:
        if self.status is not None:
            return False
        self._callbacks.append(callback)
        return True

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        if not self.add_callback(lambda: callback(self)):
            callback(self)


class One(Rpc):
    """A call that gives one message; also the future of it."""

    response: Any = None

    def start(self, way: str, perform: Callable[[], Any]) -> None:
        self.perform = perform
        if way == "future" and self.call.served is None:
            with boundary.inside():
                self.real = perform()
                self.perform = lambda: (self.real.result(), self.real)

    def settle(self) -> Status:
        if self.status is None:
            if self.call.served is None:
                self._live()
            else:
                self._serve()
        assert self.status is not None
        return self.status

    def _live(self) -> None:
        try:
            with boundary.inside():
                data, told = self.perform()
        except self.library.grpc.RpcError as error:
            data, told = None, error
            self.error: Any = error
        except BaseException as error:
            self.call.deliver(wire.FAILURES.end(error, started=False))
            raise
        self.opened(told.initial_metadata)
        if data is not None:
            self.call.deliver(wire.message(data))
            self.response = self.read(data)
        self.ends(self.library.status(told))

    def _serve(self) -> None:
        self.opened(tuple)
        while self.status is None:
            kind, data = self.next_recorded()
            if kind == MESSAGE:
                self.response = self.read(data)
            else:
                end = self.call.served.end if self.call.served is not None else None
                self.call.deliver(end or End())
                self.ends(read_status(data), is_told=True)

    def result(self, timeout: float | None = None) -> Any:
        if self.settle().code == 0:
            return self.response
        if self.cancelled():
            raise self.library.grpc.FutureCancelledError()
        raise getattr(self, "error", None) or self.failed()

    def exception(self, timeout: float | None = None) -> Any:
        return None if self.settle().code == 0 else getattr(self, "error", None) or self.failed()

    def traceback(self, timeout: float | None = None) -> Any:
        error = self.exception()
        return error and error.__traceback__


class Stream(Rpc):
    """A call that gives messages one by one."""

    def start(self, perform: Callable[[], Any]) -> None:
        self.waiting: deque[Any] = deque()
        if self.call.served is None:
            with boundary.inside():
                self.real = perform()

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        return self.waiting.popleft() if self.waiting else self._read()

    next = __next__

    def _read(self) -> Any:
        if self.status is not None:
            raise StopIteration if self.status.code == 0 else self.failed()
        return self._come() if self.call.served is None else self._recorded()

    def _come(self) -> Any:
        try:
            self.initial_metadata()
            with boundary.inside():
                data = next(self.real)
        except (StopIteration, self.library.grpc.RpcError):
            self.ends(self.library.status(self.real))
            raise
        except BaseException as error:
            self.call.deliver(wire.FAILURES.end(error, started=True))
            raise
        self.call.deliver(wire.message(data))
        return self.read(data)

    def _recorded(self) -> Any:
        self.initial_metadata()
        kind, data = self.next_recorded()
        if kind == MESSAGE:
            return self.read(data)
        self.call.deliver((self.call.served.end if self.call.served is not None else None) or End())
        self.ends(read_status(data), is_told=True)
        return self._read()

    def initial_metadata(self) -> Any:
        with_real = self.real.initial_metadata if self.real is not None else tuple
        self.opened(lambda: _inside(with_real))
        return self.initial

    def settle(self) -> Status:
        """Read to the end; the program gets the messages later."""
        while self.status is None:
            try:
                self.waiting.append(self._read())
            except (StopIteration, self.library.grpc.RpcError):
                break
        assert self.status is not None
        return self.status

    def __del__(self) -> None:
        conversation = getattr(self, "conversation", None)  # a call that diverged was never made
        if conversation is not None and self.status is None and not conversation.is_over:
            self.cancel()


def _inside(perform: Callable[[], Any]) -> Any:
    with boundary.inside():
        return perform()


def _taken(sent: _Sent) -> Iterator[bytes]:
    while (data := sent.get()) is not None:
        if isinstance(data, Exception):
            raise data
        yield data
