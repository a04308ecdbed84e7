"""The event loop that runs here: one of asyncio, or the stand-in for a loop that is not asyncio's (trio's)."""

from __future__ import annotations

import threading
from asyncio.events import _get_running_loop
from contextlib import AbstractContextManager, nullcontext
from typing import Any


class _Here(threading.local):
    loop: Any = None


here = _Here()
"""``loop``: the stand-in for the loop of this thread, if that is not asyncio's."""

standing_in: list[Any] = []
"""All stand-ins for loops that run."""


def running() -> Any:
    """The event loop whose code runs here, or None."""
    return _get_running_loop() or here.loop


def uncancelled() -> AbstractContextManager[Any]:
    """While it lasts, a task that has been cancelled can wait: asyncio cancels once, trio at every checkpoint."""
    if _get_running_loop() is None and here.loop is not None:
        shield: AbstractContextManager[Any] = here.loop.shield()
        return shield
    return nullcontext()
