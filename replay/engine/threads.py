"""Which threads of the program can still move, and which wait.

The schedule (:mod:`replay.engine.order`) hands something to the program only when the program has *settled*: when each
of its threads waits, for the world, for its turn, or for another thread. A thread that starts to wait says how to find
out whether it still does (a *probe*): asked at the moment of the decision, so a thread that has been notified but not
yet been woken by the system counts as moving.

Seen: conditions (and so events, queues, futures, semaphores, barriers), joins, event loops without anything to run,
calls to the world, pools whose threads are all busy. Not seen: bare locks and what C code waits for; those show as a
thread that neither moves nor uses CPU time, see :meth:`Thread.standstill`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from replay.taps.patch import wrap

_OURS = str(Path(__file__).parents[1]) + os.sep

Probe = Callable[[], bool]
Standstill = tuple[int, int, float]


def always() -> bool:
    return True


class Thread:
    """One thread of the program, or one that is about to start (``ident`` is then 0)."""

    __slots__ = ("computes", "ident", "native", "probe", "stuck_at")

    def __init__(self, ident: int = 0, probe: Probe | None = None, native: int = 0) -> None:
        self.ident = ident
        self.native = native
        self.probe = probe
        self.stuck_at: Standstill | None = None
        self.computes = False

    def waits(self) -> bool:
        """Whether the thread can move only after something else has."""
        probe = self.probe
        if probe is not None:
            return probe()
        return self.stuck_at is not None and self.stuck_at == self.standstill()

    def is_stuck(self) -> None:
        """It is taken for blocked, in a way nobody told us of, until it executes something."""
        self.stuck_at = self.standstill()

    @contextmanager
    def waiting(self, probe: Probe) -> Iterator[None]:
        """While it lasts, ``probe`` tells whether this thread waits."""
        before, self.probe = self.probe, probe
        changed()
        try:
            yield
        finally:
            self.probe = before

    @contextmanager
    def computing(self) -> Iterator[None]:
        """While it lasts, this thread moves, although it may be seen to stand still: a process computes for it."""
        before, self.computes = self.computes, True
        try:
            yield
        finally:
            self.computes = before

    def standstill(self) -> Standstill:
        """Equal twice in a row: the thread has neither executed an instruction nor used CPU time in between.

        Never equal: it has yet to start, or waits for a processor that others keep busy, or for a disk, or for a
        lock of ours, which it gets without anything of the program moving.
        """
        if not self.ident or self.computes or _is_busy(self.native):
            return (0, 0, time.monotonic())
        frame = sys._current_frames().get(self.ident)
        if frame is None:
            return (0, 0, 0.0)
        if frame.f_code.co_filename.startswith(_OURS):
            return (0, 0, time.monotonic())
        return (id(frame), frame.f_lasti, _cpu_time(self.ident))


def _is_busy(native: int) -> bool:
    """Whether the thread needs nothing but a processor or a disk to go on; False where the system does not tell."""
    try:
        with open(f"/proc/self/task/{native}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in b"RD"
    except OSError:  # not Linux, or it has just ended
        return False


def _cpu_time(ident: int) -> float:
    if not hasattr(time, "pthread_getcpuclockid"):  # macOS, Windows
        return 0.0
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(ident))
    except OSError:  # it has just ended
        return 0.0


class _Local(threading.local):
    thread: Thread | None = None
    waiter: Any = None
    turn: Callable[[], None] | None = None


_local = _Local()
_known: set[Thread] = set()
_outside: list[Thread] = []
_lock = threading.Lock()
listeners: list[Callable[[], None]] = []
"""Called whenever a thread starts to wait or ends: the moment at which the program may have settled."""


def changed() -> None:
    for listener in listeners:
        listener()


def here() -> Thread:
    """This thread; from now on the program is settled only when it waits."""
    thread = _local.thread
    if thread is None:
        thread = _local.thread = Thread(threading.get_ident(), native=threading.get_native_id())
        with _lock:
            _known.add(thread)
    return thread


def others(thread: Thread) -> list[Thread]:
    """All known threads but ``thread``."""
    if len(_known) == 1 and thread in _known:
        return []
    with _lock:
        return [other for other in _known if other is not thread]


def is_alone() -> bool:
    """Whether this thread is the only one of the program."""
    return len(_known) == 1 and _local.thread in _known


@contextmanager
def awaiting() -> Iterator[None]:
    """While it lasts, something waits for a process of the world, for as long as that takes."""
    thread = here()
    _outside.append(thread)
    try:
        yield
    finally:
        _outside.remove(thread)


@contextmanager
def outside() -> Iterator[None]:
    """While it lasts, this thread waits for a process of the world, for as long as that takes."""
    with awaiting(), here().waiting(always):
        yield


def any_outside() -> bool:
    """Whether something waits for a process."""
    return bool(_outside)


def computing() -> AbstractContextManager[None]:
    """While it lasts, this thread moves, although it may be seen to stand still."""
    return here().computing()


def is_program() -> bool:
    """Whether this thread is one of the program's, or runs a work item of it."""
    return _local.thread is not None


def expect(probe: Probe | None = None) -> Thread:
    """A thread or work item that has been asked for and will start; until then ``probe`` tells whether it waits."""
    thread = Thread(0, probe)
    with _lock:
        _known.add(thread)
    return thread


@contextmanager
def running(expected: Thread) -> Iterator[None]:
    """This thread now runs what was expected; it is unknown again afterwards."""
    before, _local.thread = _local.thread, expected
    expected.ident, expected.native, expected.probe = threading.get_ident(), threading.get_native_id(), None
    try:
        yield
    finally:
        _local.thread = before
        forget(expected)


def forget(thread: Thread) -> None:
    """``thread`` has ended, or will never start."""
    with _lock:
        _known.discard(thread)
    changed()


def forget_ended() -> None:
    """Drop the threads that ended without telling (started before the session, or by C code)."""
    alive = sys._current_frames()
    with _lock:
        _known.difference_update([thread for thread in _known if thread.ident and thread.ident not in alive])


def after_fork() -> None:
    """In a forked child: this thread is the only one, and nothing is settled about it."""
    global _lock
    _lock = threading.Lock()
    _known.clear()
    _outside.clear()
    listeners.clear()
    _local.thread = None


def attach(turn: Callable[[], Callable[[], None] | None]) -> None:
    """Patch the places where a thread waits for another. Idempotent.

    ``turn()``, asked when a thread begins to wait, gives what it is to call when it goes on again: the thread's turn.
    """
    wrap(threading, "_allocate_lock", _allocate_lock)
    wrap(threading.Condition, "wait", partial(_wait, turn))
    wrap(threading.Thread, "join", partial(_join, turn))


def _allocate_lock(original: Callable[..., Any]) -> Callable[..., Any]:
    """Remembers the lock that this thread made last: in ``Condition.wait`` that is its entry in ``_waiters``."""

    def allocate_lock() -> Any:
        lock = _local.waiter = original()
        return lock

    return allocate_lock


def _wait(turn: Callable[[], Callable[[], None] | None], original: Callable[..., Any]) -> Callable[..., Any]:
    def wait(self: threading.Condition, timeout: float | None = None) -> Any:
        thread = _local.thread
        if thread is None or not listeners:
            return original(self, timeout)
        _take_turn_before_lock(self)
        _local.turn = turn()
        _local.waiter = None
        local = _local.__dict__
        waiters: Any = self._waiters  # type: ignore[attr-defined]

        def not_notified() -> bool:
            return local["waiter"] in waiters

        with thread.waiting(not_notified):
            return original(self, timeout)

    return wait


def _take_turn_before_lock(condition: Any) -> None:
    """Have threads that were notified take turns before they compete for the condition's lock: who wins is chance."""
    acquire = condition._acquire_restore
    if hasattr(acquire, "takes_turn"):
        return

    def acquire_restore(state: Any) -> None:
        turn, _local.turn = _local.turn, None
        if turn is not None:
            turn()
        acquire(state)

    acquire_restore.takes_turn = True  # type: ignore[attr-defined]
    condition._acquire_restore = acquire_restore


def _join(turn: Callable[[], Callable[[], None] | None], original: Callable[..., Any]) -> Callable[..., Any]:
    def join(self: threading.Thread, timeout: float | None = None) -> None:
        thread = _local.thread
        if thread is None or not listeners:
            original(self, timeout)
            return
        goes_on = turn()
        record: Thread | None = getattr(self, "_replay_thread", None)
        # Not is_alive() where we know better: it still says yes for a moment after the thread has told that it ends.
        with thread.waiting(self.is_alive if record is None else lambda: record in _known):
            original(self, timeout)
        if goes_on is not None:
            goes_on()

    return join
