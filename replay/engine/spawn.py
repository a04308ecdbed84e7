"""Where logical tasks are created: each gets the next child address of the task that creates it.

Patched for the life of the process, idle outside a session. Not counted: what a tap's own library creates
(``getaddrinfo``, happy eyeballs), and the worker threads a pool starts inside ``submit`` (timing decides when).
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import base_events
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

from replay.engine import lineage
from replay.engine.lineage import Node
from replay.taps import boundary
from replay.taps.patch import wrap


class _Submitting(threading.local):
    active = False


_submitting = _Submitting()


def attach() -> None:
    """Patch the places where tasks, threads and work items are created. Idempotent."""
    wrap(base_events.BaseEventLoop, "create_task", _create_task)
    wrap(asyncio, "run_coroutine_threadsafe", _run_coroutine_threadsafe)
    wrap(threading.Thread, "start", _start)
    wrap(threading.Thread, "_bootstrap_inner", _bootstrap_inner)
    wrap(ThreadPoolExecutor, "submit", _submit)


def parent() -> Node | None:
    """The node whose child is being created here, or None when the child is not to be counted."""
    if boundary.is_inside() or _submitting.active:
        return None
    return lineage.current()


def _create_task(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_task(
        self: Any, coro: Coroutine[Any, Any, Any], *, context: Context | None = None, **options: Any
    ) -> asyncio.Task[Any]:
        above = parent()
        if above is None:
            if context is not None:
                options["context"] = context
            return original(self, coro, **options)  # type: ignore[no-any-return]
        node = above.child("a")
        if context is None:
            context = copy_context()
            context.run(lineage.mark_context, node)
        task: asyncio.Task[Any] = original(self, coro, context=context, **options)
        lineage.adopt(task, node)
        return task

    return create_task


def _run_coroutine_threadsafe(original: Callable[..., Any]) -> Callable[..., Any]:
    def run_coroutine_threadsafe(coro: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Future[Any]:
        above = parent()
        if above is None:
            return original(coro, loop)  # type: ignore[no-any-return]
        return original(_as(above.child("a"), coro), loop)  # type: ignore[no-any-return]

    return run_coroutine_threadsafe


async def _as(node: Node, coro: Coroutine[Any, Any, Any]) -> Any:
    with lineage.bound(node):
        return await coro


def _start(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(self: threading.Thread) -> None:
        above = parent()
        if above is not None:
            self._replay_node = above.child("t")  # type: ignore[attr-defined]
        original(self)

    return start


def _bootstrap_inner(original: Callable[..., Any]) -> Callable[..., Any]:
    def bootstrap_inner(self: threading.Thread) -> None:
        node: Node | None = getattr(self, "_replay_node", None)
        if node is None:
            original(self)
            return
        with lineage.bound(node):
            original(self)

    return bootstrap_inner


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        above = parent()
        if above is None:
            return original(self, fn, *args, **kwargs)  # type: ignore[no-any-return]
        node = above.child("w")

        def work_item() -> Any:
            with lineage.bound(node):
                return fn(*args, **kwargs)

        _submitting.active = True
        try:
            return original(self, work_item)  # type: ignore[no-any-return]
        finally:
            _submitting.active = False

    return submit
