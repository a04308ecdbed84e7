"""The schedule: in which order the world's answers are handed to the program.

Answers that arrive while the program is still busy with the last one would race with it, and no replay could repeat
that. So both sides hold them: a recording hands over the next answer, the one that arrived first, only once the program
has *settled* (every thread and every event loop of it waits), and a replay does the same, taking the one that the
recording handed over next. Everything in between is the program's own, which runs alone and so the same way twice.

Each issue and each hand-over takes the next *tick*. In a faithful replay the ticks come without a gap, which tells two
things at once: that the order is the recorded one, and, when the next tick is not among those waiting, that the program
has not really settled but waits in a way we cannot see; then the replay is patient.

It cannot deadlock: whenever the program has settled, or has stood still for :data:`PATIENCE`, or :data:`LIMIT` is over,
the lowest tick that waits is let go, whatever is missing. A hand-over out of the recorded order is counted
(``reordered``).
"""

from __future__ import annotations

import asyncio
import time
from _thread import allocate_lock
from asyncio.events import AbstractEventLoop
from collections.abc import Callable
from contextvars import Context
from typing import Any, ClassVar
from weakref import WeakSet

from replay.engine import threads
from replay.engine.loops import running
from replay.engine.threads import Thread

PATIENCE = 0.05
"""Seconds without an instruction or CPU time of the threads that do not wait, until a replay takes them for blocked."""

STILL = 0.005
"""The same while recording, where the price of a wrong guess is lower: the recording says what it did."""

LIMIT = 1.0
"""Seconds after which the next one goes although some thread is busy: it may compute for long, or spin until an answer
comes. From there on the program races with itself, so that is counted (``unsettled``)."""

LONGEST = 60.0
"""Seconds that a replay waits for the process of a pool whose result comes next in the recording."""

OUTSIDE = 10.0
"""Seconds that a replay waits for a child process that runs again, before it lets others go first."""

POLL = 0.002
"""Seconds between two looks at threads that wait in ways nobody tells us of."""

OVERDUE = 1 << 62
"""The tick of a timer that did not fire in the recording."""

NEVER = OVERDUE + 1
"""The tick of what was never handed over in the recording: the answer of a call that was cancelled."""


UNSETTLED = "unsettled"
"""Kind of the note that says how many parts a recording handed over while the program was busy."""


class Gate:
    """One answer (a part of it) or timer that waits for its turn."""

    __slots__ = ("cancelled", "give_up", "key", "loop", "released", "since", "wake")

    def __init__(
        self,
        key: int,
        wake: Callable[[], None],
        loop: AbstractEventLoop | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.key = key
        self.wake = wake
        self.loop = loop
        self.cancelled = cancelled
        self.released = False
        self.give_up = False
        self.since = time.monotonic()

    def waits(self) -> bool:
        return not self.released


class Order:
    """The schedule of one session in one process.

    ``moved_at``: when anything of any session moved last. They share threads, loops and processors, so while one of
    them goes on the others have to wait.
    """

    moved_at: ClassVar[float] = 0.0

    def __init__(self, *, replaying: bool, holding: bool = True) -> None:
        self.replaying = replaying
        self.holding = holding
        self.reordered = 0
        self.unsettled = 0
        self.live: WeakSet[Any] = WeakSet()
        """The calls of a replay that the world is answering now: while there are any, waiting is no standstill."""
        self.awaited: set[int] = set()
        """The ticks of results that processes of a replay are working on now: until they come, nothing later goes."""
        self._lock = allocate_lock()
        self._waiting: list[Gate] = []
        self._next = 0
        self._arrived = 0
        self._moved = 0.0
        self._seen: Any = None
        self._quiet = 0.0
        self._looked = 0.0
        threads.listeners.append(self.pump)

    def close(self) -> None:
        """Let everything go and hold nothing more."""
        self.holding = False
        threads.listeners.remove(self.pump)
        with self._lock:
            for gate in list(self._waiting):
                self._release(gate)

    def tick(self, recorded: int | None = None) -> int:
        """Take the next tick. On replay ``recorded`` is the one that this issue or hand-over had in the recording."""
        with self._lock:
            if recorded is None or recorded >= OVERDUE:
                recorded = self._next
            self._next = max(self._next, recorded + 1)
            self._moved = Order.moved_at = time.monotonic()
            return recorded

    def at_once(self, recorded: int | None = None, count: int = 1) -> int | None:
        """Take the next tick, as :meth:`wait` and then :meth:`tick` would, if that is seen at a glance; else None.

        That is so while the program has one thread, nothing waits, and the recorded tick is the next: the rule. With
        ``count``, that many ticks are taken, of which the first is given.
        """
        if not threads.is_alone():
            return None
        with self._lock:
            tick = self._next
            if self._waiting or (recorded is not None and recorded != tick):
                return None
            self._next = tick + count
        return tick

    def now(self) -> int:
        """The tick that comes next, for what takes none."""
        return self._next

    # Waiting for one's turn ----------------------------------------------------------------------------------------

    def wait(self, recorded: int | None = None, *, blocks_loop: bool = False) -> bool:
        """Wait, blocking the thread, for the turn of what the recording handed over at tick ``recorded``.

        Code that runs in an event loop goes on, while recording: its answers could not come meanwhile. On replay it
        waits: what comes before in the recording is of other threads, for its own loop was as busy then. A loop that
        has nothing to run yet ``blocks_loop`` either way. False: nothing else can move, and this was never handed over
        in the recording.
        """
        here = threads.here()
        if not self.holding or self._is_free(here, recorded):
            return True
        if running() is not None and not blocks_loop and (recorded is None or recorded >= OVERDUE):
            return True
        turn = allocate_lock()
        turn.acquire()
        gate = self._enter(recorded, turn.release)
        with here.waiting(gate.waits):
            while not turn.acquire(timeout=POLL):
                self.pump()
        return self._passed(gate)

    async def await_turn(self, recorded: int | None = None) -> bool:
        """The coroutine twin of :meth:`wait`."""
        here = threads.here()
        loop = running()
        if not self.holding or (not has_work(loop) and self._is_free(here, recorded)):
            return True
        turn = loop.create_future()
        gate = self._enter(recorded, lambda: _call_in(loop, _finish, turn), loop)
        try:
            if hasattr(loop, "_ready"):
                await turn
            else:
                await self._poll(turn, here)
        finally:
            self.leave(gate)
        return self._passed(gate)

    async def _poll(self, turn: asyncio.Future[None], here: Thread) -> None:
        """Wait in a loop that is not asyncio's and does not tell when it has nothing to run: look from time to time."""
        while not turn.done():
            await asyncio.sleep(POLL)
            with here.waiting(threads.always):
                self.pump()

    def call_in_turn(
        self,
        loop: AbstractEventLoop,
        callback: Callable[[], None],
        recorded: int | None,
        *,
        cancelled: Callable[[], bool],
        context: Context,
    ) -> None:
        """Run ``callback`` in ``loop`` when its turn has come, unless it has been ``cancelled`` by then."""
        self._enter(recorded, lambda: _call_in(loop, callback, context=context), loop, cancelled)

    def _is_free(self, here: Thread, recorded: int | None) -> bool:
        """Whether this thread may go on at once: everything else waits, and nothing else could come first."""
        with self._lock:  # what is being let go in this moment waits no more, and does not run yet
            if any(recorded is None or gate.key < recorded for gate in self._waiting):
                return False
            if any(not other.waits() for other in threads.others(here)):
                return False
            return recorded is None or recorded <= self._next

    def _passed(self, gate: Gate) -> bool:
        self.reordered += self.replaying and gate.key < self._next
        return not gate.give_up

    def _enter(
        self,
        recorded: int | None,
        wake: Callable[[], None],
        loop: AbstractEventLoop | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Gate:
        with self._lock:
            self._arrived += 1
            gate = Gate(self._arrived if recorded is None else recorded, wake, loop, cancelled)
            self._waiting.append(gate)
        return gate

    def leave(self, gate: Gate) -> None:
        """``gate`` waits no more: it was cancelled."""
        with self._lock:
            if gate in self._waiting:
                self._waiting.remove(gate)

    # Letting the next one go ---------------------------------------------------------------------------------------

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def pump(self) -> None:
        """Let the next one go, if the program has settled."""
        if not self._waiting or not self._lock.acquire(blocking=False):  # who has the lock looks, or moves
            return
        try:
            self._waiting = [gate for gate in self._waiting if gate.cancelled is None or not gate.cancelled()]
            gate = min(filter(_can_go, self._waiting), key=_key, default=None)
            if gate is None:
                return
            moving = [thread for thread in threads.others(_NOBODY) if not thread.waits()]
            settled = self._has_settled(gate, moving)
            if not (settled or self._may_be_forced(gate)) or _asked_its_loop(gate):
                return
            if settled or self._stands_still(moving) or self._takes_too_long():
                self._release(gate)
        finally:
            self._lock.release()

    def _has_settled(self, gate: Gate, moving: list[Thread]) -> bool:
        if gate.key >= OVERDUE and self.live:
            return gate.key == OVERDUE and not moving
        return not moving and (not self.replaying or gate.key <= self._next)

    def _may_be_forced(self, gate: Gate) -> bool:
        if self.awaited and time.monotonic() - gate.since < LONGEST and any(tick < gate.key for tick in self.awaited):
            return False
        return gate.key < OVERDUE or not self.live

    def _stands_still(self, moving: list[Thread]) -> bool:
        """Whether nothing has moved for a while; what does not move is from then on taken to wait."""
        seen = (self._next, len(self._waiting), [(id(thread), thread.standstill()) for thread in moving])
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._quiet = seen, 0.0
            threads.forget_ended()
        else:  # a machine that kept this thread from looking has kept the others from moving
            self._quiet += min(now - self._looked, 2 * POLL)
        self._looked = now
        if self._quiet <= self._patience():
            return False
        for thread in moving:
            thread.is_stuck()
        return True

    def _patience(self) -> float:
        if not self.replaying:
            return STILL
        return OUTSIDE if threads.any_outside() else PATIENCE

    def _takes_too_long(self) -> bool:
        limit = OUTSIDE if self.replaying and threads.any_outside() else LIMIT
        since = min([gate.since for gate in self._waiting])
        now = time.monotonic()
        too_long = now - max(Order.moved_at, since) > limit or now - max(self._moved, since) > OUTSIDE
        self.unsettled += too_long
        return too_long

    def _release(self, gate: Gate) -> None:
        self._waiting.remove(gate)
        gate.released = True
        gate.give_up = gate.key == NEVER
        gate.wake()


_NOBODY = Thread()


def _key(gate: Gate) -> int:
    return gate.key


def has_work(loop: Any) -> bool:
    """Whether ``loop`` has something to run besides the code that runs now."""
    return bool(getattr(loop, "_ready", None))


def _can_go(gate: Gate) -> bool:
    """Whether its event loop, if it has one, could run it: a callback that blocks the loop holds up its answers too."""
    loop: Any = gate.loop
    if loop is None or is_idle(loop) or not loop.is_running():
        return True
    return loop is running() and not hasattr(loop, "_ready")  # uvloop: nobody is told when it waits


def _asked_its_loop(gate: Gate) -> bool:
    """Whether ``gate`` is left to its event loop, which runs in another thread and has been woken for it.

    Only that thread can tell for sure that it waits: seen from here, its selector may have returned just now.
    """
    loop: Any = gate.loop
    if loop is None or loop is running() or not loop.is_running():
        return False
    loop._write_to_self()
    return True


def is_idle(loop: Any) -> bool:
    """Whether ``loop`` waits in its selector (:mod:`replay.engine.idle` says so) and has nothing to run."""
    return getattr(loop, "_replay_selects", False) and not has_work(loop)


def _finish(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _call_in(
    loop: AbstractEventLoop, callback: Callable[..., None], *args: Any, context: Context | None = None
) -> None:
    if loop.is_closed():  # what waited there is gone with it
        return
    if running() is loop:
        loop.call_soon(callback, *args, context=context)
    else:
        loop.call_soon_threadsafe(callback, *args, context=context)
