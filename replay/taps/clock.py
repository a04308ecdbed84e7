"""The clock: the time of day, and the clocks that only go forward.

The time of day is patched in place, by time-machine: its C code swaps the method pointers of ``time.time``,
``datetime.now``, ``date.today``, ``localtime``, ``gmtime`` and ``strftime``, so that every reference sees it, however
it was imported, and asks the traveller on top of a stack what time it is. Ours asks the session.
``monotonic`` and the like have no such seam, and are replaced by name (:mod:`replay.taps.byname`).

Not seen: clocks read by C and Rust libraries, ``loop.time()`` (asyncio's own, which its timers depend on).
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from replay.taps import boundary, byname
from replay.taps.callers import is_plumbing
from replay.taps.reading import Reading, take

if TYPE_CHECKING:
    from time_machine import Traveller

_NUMBERS: dict[str, type] = {
    "monotonic": float,
    "monotonic_ns": int,
    "perf_counter": float,
    "perf_counter_ns": int,
    "process_time": float,
    "process_time_ns": int,
    "thread_time": float,
    "thread_time_ns": int,
}
_TEXTS = ("asctime", "ctime")
_BY_CLOCK: dict[str, type] = {"clock_gettime": float, "clock_gettime_ns": int}

_undo: list[Callable[[], None]] = []


def attach() -> None:
    """The program's reads of the clock ask the session of their task, where there is one. Idempotent."""
    if not _undo:
        _undo.append(_attach_time_of_day())
        _undo.append(_attach_forward_clocks())


def detach() -> None:
    """Everything is as before :func:`attach`, also in modules imported since."""
    while _undo:
        _undo.pop()()


def _attach_forward_clocks() -> Callable[[], None]:
    readings = [Reading(f"time.{name}", getattr(time, name), kind) for name, kind in _NUMBERS.items()]
    readings += [Reading(f"time.{name}", getattr(time, name), str, bare=True) for name in _TEXTS]
    readings += [
        Reading(f"time.{name}", getattr(time, name), kind, sized=True)
        for name, kind in _BY_CLOCK.items()
        if hasattr(time, name)  # not on Windows
    ]
    pairs = [reading.pair for reading in readings]
    byname.replace(pairs)
    return lambda: byname.put_back(pairs)


def _attach_time_of_day() -> Callable[[], None]:
    # Here, because time_machine loads pytest where that is installed: 0.15 s.
    import _time_machine
    import time_machine

    traveller = _traveller(time_machine.traveller_stack, _time_machine.original_time_ns)
    time_machine.traveller_stack.append(traveller)
    _time_machine.patch()

    def detach_time_of_day() -> None:
        if traveller in time_machine.traveller_stack:
            time_machine.traveller_stack.remove(traveller)
        if not time_machine.traveller_stack:
            _time_machine.unpatch()
        elif time_machine.original_uuid_generate_time_safe is None:
            # The program travels since we did: the last to stop restores what the first one found.
            time_machine.original_uuid_generate_time_safe = vars(uuid).get("_generate_time_safe")

    return detach_time_of_day


def _traveller(stack: list[Traveller], original_time_ns: Callable[[], int]) -> Traveller:
    from time_machine import Traveller

    class SessionTraveller(Traveller):
        """Tells the time that the session tells. Called from C, so that frame 1 is the reader."""

        def time_ns(self) -> int:
            session = boundary.current()
            if session is None or is_plumbing(sys._getframe(1)):
                return self._real_time_ns()
            return take(session, "time.time_ns", self._real_time_ns, int)

        def _real_time_ns(self) -> int:
            if stack and stack[0] is not self and self in stack:
                # The program, or its test, has moved the clock before the session began.
                return stack[stack.index(self) - 1].time_ns()
            try:
                return original_time_ns()
            except ValueError:  # another thread has just detached
                return time.time_ns()

    return SessionTraveller(0, None, tick=True)
