"""The threads of trio: ``trio.to_thread`` and ``trio.from_thread``.

A function handed to a thread is a work item (address ``w``) of the task that hands it over. What a thread sends to the
runner, its result included, reaches the runner in turn: when the rest of the program waits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from contextvars import copy_context
from typing import Any

import trio

from replay.engine import lineage, loops, threads
from replay.engine.finalising import is_finalising
from replay.engine.lineage import Node, not_counting, parent
from replay.engine.timers import Timer
from replay.engine.turns import turn, turn_of
from replay.taps.patch import wrap

_core: Any = trio._core
_GUEST = "GuestState."
"""Qualified name of what a guest runner waits in: no thread of the program."""


def attach() -> None:
    """Patch the places where trio and its threads meet. Idempotent."""
    wrap(_core._thread_cache.ThreadCache, "start_thread_soon", _start_thread_soon)
    wrap(_core._entry_queue.EntryQueue, "run_sync_soon", _run_sync_soon)
    wrap(trio._threads, "_send_message_to_trio", _send_message)


def _start_thread_soon(original: Callable[..., None]) -> Callable[..., None]:
    def start_thread_soon(self: Any, fn: Callable[[], Any], deliver: Callable[[Any], object], *args: Any) -> None:
        above = parent()
        if above is None or fn.__qualname__.startswith(_GUEST):
            with not_counting():
                original(self, fn, deliver, *args)
            return
        work = _Work(above.child("w"), fn, deliver)
        try:
            with not_counting():
                original(self, work.run, work.deliver, *args)
        except BaseException:
            threads.forget(work.thread)
            raise

    return start_thread_soon


class _Work:
    """A function on its way to a thread of trio's cache. It ends when its result has been delivered."""

    def __init__(self, node: Node, fn: Callable[[], Any], deliver: Callable[[Any], object]) -> None:
        self._node = node
        self._fn = fn
        self._deliver = deliver
        self._stack = ExitStack()
        self.thread = threads.expect()

    def run(self) -> Any:
        self._stack.enter_context(threads.running(self.thread))
        self._stack.enter_context(lineage.bound(self._node))
        take = turn_of(self._node)
        if take is not None:
            take()
        return self._fn()

    def deliver(self, result: Any) -> None:
        with self._stack:
            self._deliver(result)


def _run_sync_soon(original: Callable[..., None]) -> Callable[..., None]:
    def run_sync_soon(self: Any, sync_fn: Callable[..., object], *args: Any, idempotent: bool = False) -> None:
        node, loop = parent(), _loop_of(self)
        if node is None or not node.counted or self.done or loop is None or loop is loops.running() or is_finalising():
            original(self, sync_fn, *args, idempotent=idempotent)
            return

        def send() -> None:
            with suppress(trio.RunFinishedError):
                original(self, sync_fn, *args, idempotent=idempotent)

        message = Timer(loop, node, 0.0, send, (), copy_context())
        message.wait(node.session.timer_tick(node, message.number))

    return run_sync_soon


def _loop_of(entry_queue: Any) -> Any:
    """The stand-in for the runner that ``entry_queue`` belongs to, if the schedule sees that runner."""
    return next((loop for loop in loops.standing_in if loop.runner.entry_queue is entry_queue), None)


def _send_message(original: Callable[..., Any]) -> Callable[..., Any]:
    """A thread asks the runner for something and waits for the answer in a queue of C."""

    def send_message(trio_token: Any, message: Any) -> Any:
        goes_on = turn()
        with threads.here().waiting(lambda: message.queue.empty()):
            answer = original(trio_token, message)
        if goes_on is not None:
            goes_on()
        return answer

    return send_message
