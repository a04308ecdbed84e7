"""Where logical tasks are created: each gets the next child address of the task that creates it.

Patched for the life of the process, idle outside a session. Not counted: what a tap's own library creates
(``getaddrinfo``, happy eyeballs), and the worker threads a pool starts inside ``submit`` (timing decides when).
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import base_events
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, thread
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from replay.engine import lineage, setorder, threads
from replay.engine.finalising import is_finalising
from replay.engine.lineage import Node, not_counting, parent
from replay.engine.turns import turn_of
from replay.taps.patch import wrap


def attach() -> None:
    """Patch the places where tasks, threads and work items are created. Idempotent."""
    setorder.attach()
    wrap(base_events.BaseEventLoop, "create_task", _create_task)
    wrap(asyncio, "run_coroutine_threadsafe", _run_coroutine_threadsafe)
    wrap(threading.Thread, "start", _start)
    wrap(threading.Thread, "_bootstrap_inner", _bootstrap_inner)
    wrap(ThreadPoolExecutor, "submit", _submit)
    wrap(thread._WorkItem, "run", _run_work_item)
    wrap(asyncio, "as_completed", _as_completed)


def _create_task(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_task(
        self: Any, coro: Coroutine[Any, Any, Any], *, context: Context | None = None, **options: Any
    ) -> asyncio.Task[Any]:
        above = parent()
        if above is None:
            if context is not None:
                options["context"] = context
            return original(self, coro, **options)  # type: ignore[no-any-return]
        node = above.child(_kind())
        if context is None:
            context = copy_context()
            context.run(lineage.mark_context, node)
        with _numbered(self):
            task: asyncio.Task[Any] = original(self, coro, context=context, **options)
        lineage.adopt(task, node)
        return task

    return create_task


def _kind() -> str:
    """A numbering of its own for what a collection brings about: when it comes is chance."""
    return "g" if is_finalising() else "a"


@contextmanager
def _numbered(loop: Any) -> Iterator[None]:
    """Tasks made meanwhile keep their place in sets, unless the program has a task factory of its own."""
    if loop._task_factory is not None:
        yield
        return
    loop._task_factory = setorder.make_task
    try:
        yield
    finally:
        loop._task_factory = None


def _run_coroutine_threadsafe(original: Callable[..., Any]) -> Callable[..., Any]:
    def run_coroutine_threadsafe(coro: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Future[Any]:
        above = parent()
        if above is None:
            return original(coro, loop)  # type: ignore[no-any-return]
        return original(_as(above.child(_kind()), coro), loop)  # type: ignore[no-any-return]

    return run_coroutine_threadsafe


async def _as(node: Node, coro: Coroutine[Any, Any, Any]) -> Any:
    with lineage.bound(node):
        return await coro


def _as_completed(original: Callable[..., Any]) -> Callable[..., Any]:
    """It makes a set of its awaitables, and tasks of that set in the order of addresses: make the tasks first."""

    def as_completed(fs: Iterable[Any], *args: Any, **options: Any) -> Any:
        if parent() is not None and not isinstance(fs, asyncio.Future) and not asyncio.iscoroutine(fs):
            fs = [asyncio.ensure_future(future) for future in fs]
        return original(fs, *args, **options)

    return as_completed


def _start(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(self: threading.Thread) -> None:
        above = parent()
        if above is None or _is_plumbing(self):
            original(self)
            return
        self._replay_node = above.child("t")  # type: ignore[attr-defined]
        self._replay_thread = expected = threads.expect()  # type: ignore[attr-defined]
        try:
            original(self)
        except BaseException:
            threads.forget(expected)
            raise

    return start


def _is_plumbing(thread: threading.Thread) -> bool:
    """Whether a library of telemetry works there, by the real clock."""
    work = getattr(thread, "_target", None) or type(thread).run
    return getattr(work, "__module__", None) in _WORKERS


_WORKERS = frozenset(["agents.tracing.processors"])
"""Modules whose threads wait for something to report, and have no part in what the program does."""


def _bootstrap_inner(original: Callable[..., Any]) -> Callable[..., Any]:
    def bootstrap_inner(self: threading.Thread) -> None:
        node: Node | None = getattr(self, "_replay_node", None)
        if node is None:
            original(self)
            return
        with threads.running(self._replay_thread), lineage.bound(node):  # type: ignore[attr-defined]
            _start_in_turn(node)
            original(self)

    return bootstrap_inner


def _start_in_turn(node: Node) -> None:
    take = turn_of(node)
    if take is not None:
        take()


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        above = parent()
        if above is None:
            return original(self, fn, *args, **kwargs)  # type: ignore[no-any-return]
        work = _Work(self, above.child("w"), fn, args, kwargs)
        try:
            with not_counting():
                work.future = original(self, work)
            return work.future
        except BaseException:
            threads.forget(work.thread)
            raise

    return submit


class _Work:
    """A work item of a pool: what was submitted, as whom it runs, and the thread that it will occupy."""

    busy: ClassVar[WeakKeyDictionary[ThreadPoolExecutor, int]] = WeakKeyDictionary()
    lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        node: Node,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.pool = pool
        self.node = node
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.future: Future[Any] | None = None
        self.thread = threads.expect(self.is_stuck)

    def __call__(self) -> Any:
        with lineage.bound(self.node):
            _start_in_turn(self.node)
            return self.fn(*self.args, **self.kwargs)

    def is_stuck(self) -> bool:
        """Whether it waits in the queue of a pool all of whose threads are busy, or will never run."""
        ended = self.future is not None and self.future.done()
        return ended or self.busy.get(self.pool, 0) >= self.pool._max_workers

    def occupy(self, change: int) -> None:
        with self.lock:
            self.busy[self.pool] = self.busy.get(self.pool, 0) + change


def _run_work_item(original: Callable[..., Any]) -> Callable[..., Any]:
    """Its end, and not that of the submitted function, ends the work: in between the future's waiters are told."""

    def run(self: Any, *args: Any) -> None:
        work = self.fn if hasattr(self, "fn") else self.task[0]  # 3.14 keeps the three in one
        if not isinstance(work, _Work):
            original(self, *args)
            return
        work.occupy(1)
        # Whoever waits for what the body of a tool has handed to a pool is told as part of that body.
        told_as = work.node.session.root if work.node.counted else work.node
        try:
            with threads.running(work.thread), lineage.bound(told_as):
                original(self, *args)
        finally:
            work.occupy(-1)

    return run
