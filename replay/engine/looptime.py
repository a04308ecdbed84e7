"""What time it is for an event loop (``loop.time()``).

The program's own reads are recorded like those of any clock. On replay plumbing must not see the real time beside them:
timers fire at once there, and code that looks whether its deadline has really passed (anyio's cancel scopes,
``asyncio.timeout``) would find that it has not. So for plumbing it is as late as the last read of the program or the
last fired timer says, and in between time stands still.
"""

from __future__ import annotations

import sys
import time
from asyncio import base_events
from collections.abc import Callable
from typing import Any

from replay.engine.lineage import parent
from replay.taps.callers import is_plumbing
from replay.taps.patch import wrap

SOURCE = "loop.time"


def attach() -> None:
    """Patch the clock of event loops. Idempotent."""
    wrap(base_events.BaseEventLoop, "time", _time)


def advance(loop: Any, when: float) -> None:
    """On replay: a timer set for ``when`` fires now."""
    loop._replay_now = max(when, loop.time())


def really_at(loop: Any, when: float) -> float:
    """On replay: the real time at which ``when`` is reached, for a loop whose time stands still meanwhile."""
    now: float = loop.time()
    return when - now + time.monotonic()


def _time(original: Callable[[Any], float]) -> Callable[[Any], float]:
    def loop_time(self: Any) -> float:
        frame = sys._getframe(1)
        node = parent() if frame.f_code.co_name != "_run_once" else None
        if node is None:
            return original(self)
        session = node.session
        value: float
        if not is_plumbing(frame):
            value = session.read(SOURCE, lambda: original(self))
        elif session.source is None:
            return original(self)
        else:
            value = getattr(self, "_replay_now", None) or original(self)
        if session.source is not None:
            self._replay_now = value
        return value

    return loop_time
