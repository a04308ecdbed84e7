"""The deadlines and the clock of trio: every sleep and every timeout there is the deadline of a cancel scope.

A deadline of the program's is a timer like those of asyncio (:mod:`replay.engine.timers`): it fires in turn, and on
replay without waiting. One set inside a tap stays with trio. Each time that the program's tasks ask for is recorded,
also those that trio itself compares deadlines with on their behalf: they come in the program's own order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from heapq import heappop, heappush
from itertools import count
from math import inf
from types import FrameType
from typing import Any

import trio

from replay.engine.lineage import parent
from replay.engine.order import OVERDUE
from replay.engine.timers import Timer
from replay.taps.reading import take

_run: Any = trio._core._run

SOURCE = "trio.current_time"

_RECALCULATE = _run.CancelStatus.recalculate.__code__
_DEPTH = 4
"""Frames between :meth:`Clock.current_time` and ``recalculate``: the runner's, the function's, the property's."""


class Clock(trio.abc.Clock):
    """The clock ``real`` as the program's tasks see it."""

    def __init__(self, loop: Any, real: Any) -> None:
        self.loop = loop
        self.real = real

    def start_clock(self) -> None:
        self.real.start_clock()

    def current_time(self) -> float:
        caller = sys._getframe(1)
        node = parent() if caller.f_code.co_name != "unrolled_run" else None
        if node is None:
            return self.real.current_time()  # type: ignore[no-any-return]
        if _recalculates(caller):
            return -inf
        value = take(node.session, SOURCE, self._now, float)
        self.loop._replay_now = max(value, self.loop._replay_now)
        return value

    def _now(self) -> float:
        return self.real.current_time()  # type: ignore[no-any-return]

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return self.real.deadline_to_sleep_time(deadline)  # type: ignore[no-any-return]


def _recalculates(frame: FrameType | None) -> bool:
    """Whether trio looks, while it cancels a scope, which scopes inside that one are overdue as well: none is, by our
    rule that a deadline fires in turn. Besides, some belong to calls that are served on replay, and are not there."""
    for _ in range(_DEPTH):
        if frame is None or frame.f_code is _RECALCULATE:
            break
        frame = frame.f_back
    return frame is not None and frame.f_code is _RECALCULATE


class Deadlines(_run.Deadlines):  # type: ignore[misc]
    """Those of a runner: the program's in a heap of our own, the others, and those there ``before``, in trio's."""

    def __init__(self, loop: Any, before: Any) -> None:
        self._heap, self._active = before._heap, before._active
        self._loop = loop
        self._ours: dict[Any, Timer] = {}
        self._due: list[tuple[float, int, Timer, Callable[[], None]]] = []
        self._count = count()

    def add(self, deadline: float, cancel_scope: Any) -> None:
        node = parent()
        if node is None or not node.counted:
            super().add(deadline, cancel_scope)
            return
        reason = _run.CancelReason(source="deadline")
        timer = Timer(self._loop, node, deadline, cancel_scope._cancel, (reason,), copy_context())
        handle: Any = _Handle()
        timer.handle = handle
        self._ours[cancel_scope] = timer
        recorded = node.session.timer_tick(node, timer.number)
        if recorded is None:
            self._push(deadline, timer, timer.arrive)
        elif recorded == OVERDUE:
            self._push(self._really_at(deadline), timer, timer.overdue)
        else:
            timer.wait(recorded)

    def _push(self, deadline: float, timer: Timer, arrive: Callable[[], None]) -> None:
        heappush(self._due, (deadline, next(self._count), timer, arrive))

    def _really_at(self, deadline: float) -> float:
        """On replay: when ``deadline`` is reached by the real clock, for a program whose time stands still."""
        clock = self._loop.runner.clock
        if not isinstance(clock, Clock):
            return deadline
        return deadline - self._loop.time() + clock.real.current_time()  # type: ignore[no-any-return]

    def remove(self, deadline: float, cancel_scope: Any) -> None:
        timer = self._ours.pop(cancel_scope, None)
        if timer is None:
            super().remove(deadline, cancel_scope)
        elif timer.handle is not None:
            timer.handle.cancel()

    def next_deadline(self) -> float:
        while self._due and self._due[0][2].is_cancelled():
            heappop(self._due)
        theirs: float = super().next_deadline()
        return min(theirs, self._due[0][0]) if self._due else theirs

    def expire(self, now: float) -> bool:
        any_of_theirs: bool = super().expire(now)
        while self._due and self._due[0][0] <= now:
            _, _, timer, arrive = heappop(self._due)
            if not timer.is_cancelled():
                arrive()
        return any_of_theirs


class _Handle:
    """Whether a timer has been cancelled, as :class:`asyncio.TimerHandle` tells it."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def cancelled(self) -> bool:
        return self._cancelled
