"""``trio``: its tasks, its threads and its turns, as the schedule wants them.

The schedule (:mod:`replay.engine.order`) speaks to the event loops of asyncio. :class:`Loop` stands in for one where a
runner of trio is meant. Three things make trio repeatable:

* Tasks are taken from the run queue one at a time. Trio takes batches and turns every other one round, by dice of its
  own.
* Sets of cancelled tasks are told in the order in which the tasks were made. Trio goes by their addresses in memory.
* Deadlines fire in turn (:mod:`replay.engine.trio_time`), and so do messages from other threads
  (:mod:`replay.engine.trio_threads`).

Supported: ``trio.run`` and guest mode (anyio's pytest plugin uses it), trio 0.31 and newer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from functools import partial
from types import ModuleType
from typing import Any

import trio

from replay.engine import idle, lineage, loops, threads, trio_threads, trio_time
from replay.engine.lineage import parent
from replay.engine.order import POLL, has_work
from replay.taps import cancelled
from replay.taps.patch import wrap

_run: Any = trio._core._run
_patient: ContextVar[bool] = ContextVar("replay_trio_patient", default=False)
_spawned: ContextVar[int] = ContextVar("replay_trio_spawned", default=1 << 62)


def attach(module: ModuleType) -> None:
    """Patch ``module``, which is trio, and adopt the runner that runs on this thread, if one does. Idempotent."""
    for classes in (cancelled.CLASSES, cancelled.AT_EACH_CHECKPOINT):
        if trio.Cancelled not in classes:
            classes.append(trio.Cancelled)
    wrap(_run, "setup_runner", _setup_runner)
    wrap(_run.Runner, "spawn_impl", _spawn)
    wrap(_run.Runner, "close", _close)
    wrap(_run.CancelStatus, "__attrs_post_init__", _order_cancel_status)
    wrap(_run.TheIOManager, "get_events", _get_events)
    trio_threads.attach()
    if hasattr(_run.GLOBAL_RUN_CONTEXT, "runner"):
        _adopt(_run.GLOBAL_RUN_CONTEXT.runner)


class Loop:
    """A runner of trio, with what the schedule and the timers use of an event loop of asyncio."""

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        self.spawned = 0
        self.closed = False
        self._callbacks: deque[Callable[[], object]] = deque()
        self._replay_selects = False
        self._replay_now = 0.0

    @property
    def _ready(self) -> Any:
        return self._callbacks or self.runner.runq or self.runner.entry_queue.queue

    def is_running(self) -> bool:
        return not self.closed

    def is_hosted(self) -> bool:
        """Whether this code, on the runner's thread, is another loop's, whose guest the runner is."""
        return self.runner.is_guest and not trio.lowlevel.in_trio_task()

    def is_closed(self) -> bool:
        return self.closed

    def time(self) -> float:
        """On replay: how late it is for the program."""
        return self._replay_now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: object = None) -> None:
        self._callbacks.append(partial(callback, *args))

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any, context: object = None) -> None:
        self.call_soon(callback, *args)
        self._write_to_self()

    def _write_to_self(self) -> None:
        with suppress(OSError):  # it has just ended
            self.runner.io_manager.force_wakeup()

    def create_future(self) -> Turn:
        return Turn(_patient.get())

    @contextmanager
    def shield(self) -> Iterator[None]:
        """No cancel scope: its entry would be one more look at the clock."""
        token = _patient.set(True)
        try:
            yield
        finally:
            _patient.reset(token)

    def run_callbacks(self) -> None:
        """Run what has been called for, between two steps of tasks."""
        while self._callbacks:
            self._callbacks.popleft()()


class Turn:
    """What a task waits for: a future of asyncio, as far as the schedule needs one. ``patient``: even if cancelled."""

    def __init__(self, patient: bool) -> None:
        self._patient = patient
        self._task: Any = None
        self._done = False

    def done(self) -> bool:
        return self._done

    def set_result(self, result: None) -> None:
        self._done = True
        if self._task is not None:
            trio.lowlevel.reschedule(self._task)

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        if self._done:
            return
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._abort)

    def _abort(self, raise_cancel: object) -> trio.lowlevel.Abort:
        if self._patient:
            return trio.lowlevel.Abort.FAILED
        self._done, self._task = True, None
        return trio.lowlevel.Abort.SUCCEEDED


class _OneByOne(deque[Any]):
    """A run queue that gives one task at a time to who asks for all of them."""

    def __iter__(self) -> Iterator[Any]:
        return iter((self[0],) if self else ())

    def clear(self) -> None:
        if self:
            self.popleft()


class _Tasks(set[Any]):
    """Tasks in the order in which they were made; those that a tap's library made come last."""

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__(), key=lambda task: task.context.get(_spawned, 1 << 62)))


class _InOrder(dict[Any, None]):
    """A set whose elements come in the order in which they were added."""

    def add(self, element: Any) -> None:
        self[element] = None

    def remove(self, element: Any) -> None:
        del self[element]


def _adopt(runner: Any) -> None:
    """Have the schedule see ``runner``, which runs, or will run, on this thread."""
    if loops.here.loop is not None and loops.here.loop.runner is runner:
        return
    loops.here.loop = loop = Loop(runner)
    loops.standing_in.append(loop)
    waiting = list(runner.runq)
    runner.runq = _OneByOne(waiting)
    runner.deadlines = trio_time.Deadlines(loop, runner.deadlines)
    if type(runner.clock) is _run.SystemClock:
        runner.clock = trio_time.Clock(loop, runner.clock)


def _setup_runner(original: Callable[..., Any]) -> Callable[..., Any]:
    def setup_runner(*args: Any, **options: Any) -> Any:
        runner = original(*args, **options)
        if parent() is not None:
            _adopt(runner)
        return runner

    return setup_runner


def _close(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def close(self: Any) -> None:
        loop = loops.here.loop
        if loop is not None and loop.runner is self:
            loop.closed, loops.here.loop = True, None
            loops.standing_in.remove(loop)
        original(self)

    return close


def _spawn(original: Callable[..., Any]) -> Callable[..., Any]:
    def spawn_impl(
        self: Any, async_fn: Any, args: Any, nursery: Any, name: Any, *, system_task: bool = False, context: Any = None
    ) -> Any:
        above, loop = parent(), loops.here.loop
        if above is not None and loop is not None and not system_task:
            loop.spawned += 1
            context = copy_context() if context is None else context
            context.run(lineage.mark_context, above.child("a"))
            context.run(_spawned.set, loop.spawned)
        return original(self, async_fn, args, nursery, name, system_task=system_task, context=context)

    return spawn_impl


def _order_cancel_status(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def post_init(self: Any) -> None:
        if loops.here.loop is not None:
            self._tasks, self._children = _Tasks(), _InOrder()
        original(self)

    return post_init


def _get_events(original: Callable[..., Any]) -> Callable[..., Any]:
    """Where the runner looks for news of the world; with no task to run it waits here."""

    def get_events(self: Any, timeout: float) -> Any:
        loop = loops.here.loop
        if loop is None or loop.runner.io_manager is not self:
            return _in_guest_mode(self, partial(original, self), timeout)
        loop.run_callbacks()
        if not has_work(loop) and idle.orders:
            with idle.selecting(loop), threads.here().waiting(lambda: not has_work(loop)):
                events = _wait(loop, partial(original, self), timeout)
            loop.run_callbacks()
            return events
        return original(self, 0 if has_work(loop) else timeout)

    return get_events


def _in_guest_mode(io_manager: Any, look: Callable[[float], Any], timeout: float) -> Any:
    """A runner that is a guest of another loop waits in a thread of its own, which is none of the program's. What has
    its turn here runs in the host's thread, after this has returned."""
    loop = next((loop for loop in loops.standing_in if loop.runner.io_manager is io_manager), None)
    if loop is None or loops.here.loop is not None:
        return look(timeout)
    loops.here.loop = loop
    try:
        with idle.selecting(loop):
            return _wait(loop, look, timeout)
    finally:
        loops.here.loop = None


def _wait(loop: Loop, look: Callable[[float], Any], timeout: float) -> Any:
    """Wait for news for ``timeout`` seconds, looking from time to time whether something's turn has come."""
    until = time.monotonic() + timeout
    while True:
        if has_work(loop):
            return look(0)
        waiting = any(order.has_waiting for order in idle.orders)
        left = max(0.0, until - time.monotonic())
        events = look(min(POLL, left) if waiting else left)
        if events or time.monotonic() >= until:
            return events
        for order in idle.orders:
            order.pump()
