"""Processes of asyncio: ``create_subprocess_exec``, ``create_subprocess_shell`` and what else goes by the loop.

The program gets a transport of ours. What comes from the process passes through one queue, and from there to the
program in turn; on replay it comes from the cassette. See :mod:`replay.taps.subprocess`.

Seams: ``BaseEventLoop.subprocess_exec`` and ``subprocess_shell``. Not seen: uvloop's own.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import base_events
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from subprocess import PIPE
from types import ModuleType
from typing import Any

from replay.dialects.processes import CLOSED, ERRORS, EXIT, JOINED, OUTPUT
from replay.events import End
from replay.taps import boundary, outside
from replay.taps.patch import wrap
from replay.taps.process import (
    Told,
    code_of,
    failed,
    forget_signals_to,
    is_seen,
    pid_of,
    rebuilt,
    run_request,
    started,
)

_TAGS = {1: OUTPUT, 2: ERRORS}
_NUMBERS = {tag: number for number, tag in _TAGS.items()}


def attach(module: ModuleType) -> None:
    """Tap asyncio's own event loops. Idempotent."""
    wrap(base_events.BaseEventLoop, "subprocess_exec", _exec)
    wrap(base_events.BaseEventLoop, "subprocess_shell", _shell)


def _exec(original: Callable[..., Any]) -> Callable[..., Any]:
    async def subprocess_exec(self: Any, factory: Callable[[], Any], program: Any, *args: Any, **options: Any) -> Any:
        child = _asked(self, factory, (program, *args), options)
        if child is None:
            return await original(self, factory, program, *args, **options)
        return await child.start(lambda ears, **given: original(self, ears, program, *args, **given))

    return subprocess_exec


def _shell(original: Callable[..., Any]) -> Callable[..., Any]:
    async def subprocess_shell(self: Any, factory: Callable[[], Any], cmd: Any, **options: Any) -> Any:
        child = _asked(self, factory, cmd, options)
        if child is None:
            return await original(self, factory, cmd, **options)
        return await child.start(lambda ears, **given: original(self, ears, cmd, **given))

    return subprocess_shell


def _asked(loop: Any, factory: Callable[[], Any], args: Any, options: dict[str, Any]) -> _Child | None:
    session = boundary.current()
    given = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, **options}
    if session is None or not is_seen(given) or not outside.are_events():
        return None
    return _Child(loop, session, factory, args, given)


class _Ears(asyncio.SubprocessProtocol):
    """Hears what a real process has to say, and puts it into the queue."""

    def __init__(self, child: _Child) -> None:
        self.child = child
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.child.hear(_TAGS[fd], data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.child.hear(_TAGS.get(fd, CLOSED), b"")

    def process_exited(self) -> None:
        self.child.hear(EXIT, str(self.transport.get_returncode()).encode())


class _Child:
    """One process, recorded, served or run again."""

    def __init__(
        self, loop: Any, session: boundary.Boundary, factory: Callable[[], Any], args: Any, given: dict[str, Any]
    ) -> None:
        self.loop = loop
        self.factory = factory
        self.given = given
        shell = not isinstance(args, tuple)
        request = run_request(args, shell=shell, executable=given.get("executable"), cwd=given.get("cwd"))
        self.call = session.issue(request)
        self.told = Told(session, self.call, request.target)
        self.born = outside.born(given.get("env"))
        self.real: Any = None
        self.news: deque[tuple[bytes, bytes]] = deque()
        self.has_news = asyncio.Event()

    async def start(self, original: Callable[..., Any]) -> tuple[Any, Any]:
        """The transport and the protocol, as the loop's method gives them."""
        pid = await (self._serve() if self.told.is_served else self._run(original))
        self.transport = _Transport(self, pid)
        self.protocol = self.factory()
        self.protocol.connection_made(self.transport)
        with boundary.inside():  # no task of the program's
            self.telling = self.loop.create_task(self._tell_all())
        return self.transport, self.protocol

    async def _run(self, original: Callable[..., Any]) -> int:
        try:
            with boundary.inside():
                self.real, _ = await original(lambda: _Ears(self), **{**self.given, "env": self.born.env})
        except BaseException as error:
            await self.call.adeliver(failed(error))
            raise
        pid: int = self.real.get_pid()
        served = self.call.served
        await self.call.adeliver(started(pid) if served is None or served.head is None else served.head)
        return pid

    async def _serve(self) -> int:
        answer = self.call.served
        assert answer is not None
        if answer.head is None:
            end = answer.end or End("closed")
            await self.call.adeliver(end)
            raise rebuilt(end.failure) if end.failure is not None else OSError("the recorded process never started")
        await self.call.adeliver(answer.head)
        forget_signals_to(pid_of(answer))
        return pid_of(answer)

    def hear(self, tag: bytes, data: bytes) -> None:
        """The real process says something; nothing means that it will say no more."""
        self.news.append((tag, data))
        self.has_news.set()

    async def _tell_all(self) -> None:
        open_pipes = {tag for number, tag in _TAGS.items() if self.transport.get_pipe_transport(number) is not None}
        async for tag, data in self._in_turn():
            if tag == EXIT:
                self.transport.exits(int(data))
                self.protocol.process_exited()
            elif tag == CLOSED:
                self.protocol.pipe_connection_lost(0, None)
            elif data:
                self.protocol.pipe_data_received(_NUMBERS[tag], data)
            elif tag in open_pipes:
                open_pipes.discard(tag)
                self.protocol.pipe_connection_lost(_NUMBERS[tag], None)
            if not open_pipes and self.transport.returncode is not None:
                break
        if not open_pipes and self.transport.returncode is not None:
            self.told.ended = True
            await self.call.adeliver(End())
            self.protocol.connection_lost(None)

    def _in_turn(self) -> AsyncIterator[tuple[bytes, bytes]]:
        if self.told.is_served:
            return self._as_recorded()
        return self._as_recorded_again() if self.told.joined else self._as_it_comes()

    async def _as_it_comes(self) -> AsyncIterator[tuple[bytes, bytes]]:
        while True:
            tag, data = await self._next_news()
            if self.born.has_joined and not self.told.join_told:
                self.told.join_told = True
                await self.call.adeliver(self.told.part(JOINED, b""))
            await self.call.adeliver(self.told.part(tag, data))
            yield tag, data

    async def _next_news(self) -> tuple[bytes, bytes]:
        while not self.news:
            self.has_news.clear()
            await self.has_news.wait()
        return self.news.popleft()

    async def _as_recorded(self) -> AsyncIterator[tuple[bytes, bytes]]:
        while self.told.left:
            chunk = self.told.left.popleft()
            await self.call.adeliver(chunk)
            tag = chunk.data[:1]
            if tag in (OUTPUT, ERRORS, CLOSED):
                yield tag, chunk.data[1:]
            elif tag == EXIT:
                yield tag, str(code_of(chunk)).encode()

    async def _as_recorded_again(self) -> AsyncIterator[tuple[bytes, bytes]]:
        """A process that runs again says the same, but in other pieces: they are put together as recorded."""
        said: dict[bytes, bytes] = {}
        over = {JOINED}
        while self.told.left:
            tag, size = self.told.left[0].data[:1], len(self.told.left[0].data) - 1
            size = max(size, 1) if tag in _NUMBERS else sys.maxsize
            while tag not in over and len(said.get(tag, b"")) < size:
                with outside.awaiting():
                    came, data = await self._next_news()
                said[came] = said.get(came, b"") + data
                if came not in _NUMBERS or not data:
                    over.add(came)
            data, said[tag] = said.get(tag, b"")[:size], said.get(tag, b"")[size:]
            await self.call.adeliver(self.told.part(tag, data))
            if tag != JOINED:
                yield tag, data
        while True:
            yield await self._next_news()


class _Transport(asyncio.SubprocessTransport):
    """What the program has of a process."""

    def __init__(self, child: _Child, pid: int) -> None:
        super().__init__()
        self._child = child
        self._pid = pid
        self._waiters: list[asyncio.Future[int]] = []
        self._pipes: dict[int, asyncio.BaseTransport] = {}
        self._closing = False
        self.returncode: int | None = None
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            if child.given[name] == PIPE:
                self._pipes[number] = _Stdin(child) if number == 0 else _Output(child, number)

    def get_pid(self) -> int:
        return self._pid

    def get_returncode(self) -> int | None:
        return self.returncode

    def get_pipe_transport(self, fd: int) -> asyncio.BaseTransport | None:
        return self._pipes.get(fd)

    def send_signal(self, signal: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        self._really("send_signal", signal)

    def terminate(self) -> None:
        self._really("terminate")

    def kill(self) -> None:
        self._really("kill")

    def _really(self, name: str, *args: int) -> None:
        """Signal the real process, if there is one; one whose end the program was not told of yet is no error."""
        with suppress(ProcessLookupError):
            if self._child.real is not None:
                getattr(self._child.real, name)(*args)

    def close(self) -> None:
        self._closing = True
        if self._child.real is not None:
            self._child.real.close()

    def is_closing(self) -> bool:
        return self._closing

    async def _wait(self) -> int:
        """What ``asyncio.subprocess.Process.wait`` calls."""
        if self.returncode is not None:
            return self.returncode
        told = self._child.told
        if told.is_served and not told.next_of(EXIT) and self._child.telling.done():
            await self._child.call.adeliver(End())  # the recorded run never waited for it
        waiter = self._child.loop.create_future()
        self._waiters.append(waiter)
        return await waiter  # type: ignore[no-any-return]

    def exits(self, code: int) -> None:
        """The program is told the exit code."""
        self.returncode = code
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(code)


class _Output(asyncio.ReadTransport):
    """An output of the process; on replay it comes when it came in the recording, full buffers or not."""

    def __init__(self, child: _Child, number: int) -> None:
        super().__init__()
        self._child = child
        self._number = number

    def _real(self) -> Any:
        return self._child.real.get_pipe_transport(self._number) if self._child.real is not None else None

    def pause_reading(self) -> None:
        if (real := self._real()) is not None:
            real.pause_reading()

    def resume_reading(self) -> None:
        if (real := self._real()) is not None:
            real.resume_reading()

    def close(self) -> None:
        if (real := self._real()) is not None:
            real.close()


class _Stdin(asyncio.WriteTransport):
    """The standard input of the process. Each write is a request."""

    def __init__(self, child: _Child) -> None:
        super().__init__()
        self._child = child
        self._closing = False

    def _real(self) -> Any:
        return self._child.real.get_pipe_transport(0) if self._child.real is not None else None

    def write(self, data: Any) -> None:
        if not data or self._closing:
            return
        self._child.told.writes(bytes(data)).deliver(End())
        if (real := self._real()) is not None:
            real.write(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.close()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if (real := self._real()) is not None:
                real.close()

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0
