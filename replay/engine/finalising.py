"""What the garbage collector ends, ends at no moment that a replay could repeat.

A stream that the program dropped is closed when a collection happens to find it: in any thread, between any two
instructions, also while that thread holds a lock of ours. So such an end takes no lock and no place in the schedule.
"""

from __future__ import annotations

import gc
from asyncio import base_events
from collections.abc import Callable
from contextvars import ContextVar
from threading import get_ident
from typing import Any

from replay.taps.patch import wrap

_collecting: set[int] = set()
_finalising: ContextVar[bool] = ContextVar("replay_finalising", default=False)


def attach() -> None:
    """Watch the collector, and event loops that finish dropped asynchronous generators. Idempotent."""
    if _note not in gc.callbacks:
        gc.callbacks.append(_note)
    wrap(base_events.BaseEventLoop, "_asyncgen_finalizer_hook", _finalizer_hook)


def is_finalising() -> bool:
    """Whether this code runs because something the program had dropped was found."""
    return (bool(_collecting) and get_ident() in _collecting) or _finalising.get()


def _note(phase: str, info: dict[str, int]) -> None:
    (_collecting.add if phase == "start" else _collecting.discard)(get_ident())


def _finalizer_hook(original: Callable[..., Any]) -> Callable[..., Any]:
    """It has the loop make a task that closes the generator: of this very context, so that the mark goes with it."""

    def hook(self: Any, generator: Any) -> None:
        token = _finalising.set(True)
        try:
            original(self, generator)
        finally:
            _finalising.reset(token)

    return hook
