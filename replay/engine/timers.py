"""Sleeps and timeouts: while recording they take their time, on replay they only keep their place in the schedule.

A timer is known by the task that set it and its number there. A recording notes at which tick it fired; on replay it
fires at that tick, without waiting. One that never fired (a timeout that was not reached) fires only when its time has
really come and nothing else can move.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio import base_events
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Any

from replay.engine import looptime, threads
from replay.engine.lineage import Node, parent
from replay.engine.order import OVERDUE
from replay.events import Reads
from replay.taps import byname
from replay.taps.callers import is_plumbing
from replay.taps.patch import wrap

SOURCE = "timer"
"""How fired timers stand among the reads of a lineage: number and tick, alternating."""

INTERRUPTED = "timer.interrupted"
"""How sleeps that a KeyboardInterrupt ended stand there: number and tick, alternating."""

_sleep = time.sleep


def attach() -> None:
    """Patch event loop timers and ``time.sleep``, also where it was imported by name. Idempotent."""
    looptime.attach()
    wrap(base_events.BaseEventLoop, "call_at", _call_at)
    if time.sleep is _sleep:
        byname.replace([(_sleep, sleep)])


def detach() -> None:
    """``time.sleep`` is the real one again."""
    byname.put_back([(_sleep, sleep)])


def fired(recorded: Iterable[Reads]) -> dict[tuple[str, int], int]:
    """The tick at which each timer fired, by the lineage that set it and its number there."""
    return {key: tick for reads in recorded if reads.source == SOURCE for key, tick in pairs(reads)}


def pairs(reads: Reads) -> Iterator[tuple[tuple[str, int], int]]:
    """Each timer that ``reads`` name, by lineage and number, with its tick."""
    for number, tick in zip(reads.values[::2], reads.values[1::2], strict=True):
        yield (reads.lineage, number), tick


def sleep(seconds: float) -> None:
    """Stands in for ``time.sleep``."""
    node = parent()
    if node is None or not node.counted or is_plumbing(sys._getframe(1)):
        _sleep(seconds)
        return
    session = node.session
    number = node.next_timer()
    recorded = session.timer_tick(node, number)
    if recorded == OVERDUE and (tick := session.interrupted_at(node, number)) is not None:
        session.order.wait(tick)
        session.interrupted(node, number, tick)
        raise KeyboardInterrupt
    if recorded is None or recorded == OVERDUE:
        with threads.here().waiting(threads.always):
            try:
                _sleep(seconds)
            except KeyboardInterrupt:
                session.interrupted(node, number, None)
                raise
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")
    session.order.wait(recorded, blocks_loop=True)
    session.timer_fired(node, number, None if recorded == OVERDUE else recorded)


def _call_at(original: Callable[..., Any]) -> Callable[..., Any]:
    def call_at(
        self: Any, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        node = parent()
        if node is None or not node.counted:
            return original(self, when, callback, *args, context=context)  # type: ignore[no-any-return]
        timer = Timer(self, node, when, callback, args, context or copy_context())
        recorded = node.session.timer_tick(node, timer.number)
        if recorded is None:
            timer.handle = original(self, when, timer.arrive, context=context)
        elif recorded == OVERDUE:
            timer.handle = original(self, looptime.really_at(self, when), timer.overdue, context=context)
        else:
            timer.handle = asyncio.TimerHandle(when, timer.fire, (), self, context)
            timer.wait(recorded)
        return timer.handle

    return call_at


class Timer:
    """One timer of an event loop. ``handle`` is what the program can cancel."""

    __slots__ = ("args", "callback", "context", "handle", "loop", "node", "number", "recorded", "when")

    def __init__(
        self, loop: Any, node: Node, when: float, callback: Callable[..., Any], args: tuple[Any, ...], context: Context
    ) -> None:
        self.loop = loop
        self.node = node
        self.when = when
        self.callback = callback
        self.args = args
        self.context = context
        self.number = node.next_timer()
        self.recorded: int | None = None
        self.handle: asyncio.TimerHandle | None = None

    def arrive(self) -> None:
        """The time has come, while recording: fires when the program has settled."""
        self.wait(None)

    def overdue(self) -> None:
        """The time has really come on replay, for a timer that did not fire in the recording."""
        self.wait(OVERDUE)

    def wait(self, recorded: int | None) -> None:
        order = self.node.session.order
        if order.holding:
            self.recorded = recorded if recorded != OVERDUE else None
            order.call_in_turn(self.loop, self.fire, recorded, cancelled=self.is_cancelled, context=self.context)
        else:
            self.fire()

    def is_cancelled(self) -> bool:
        return self.handle is not None and self.handle.cancelled()

    def fire(self) -> None:
        if not self.is_cancelled():
            self.node.session.timer_fired(self.node, self.number, self.recorded)
            if self.recorded is not None:
                looptime.advance(self.loop, self.when)
            self.callback(*self.args)
