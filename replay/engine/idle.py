"""When an event loop has nothing to run: the moment at which its thread waits, and the next answer may come.

Seam: the loop's selector. asyncio asks it with nothing in ``_ready`` exactly when every task waits.
"""

from __future__ import annotations

import selectors
from asyncio.events import _get_running_loop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from replay.engine import threads
from replay.engine.order import POLL, Order, has_work
from replay.taps.patch import wrap

orders: list[Order] = []
"""The schedules of all open sessions of this process."""


def attach() -> None:
    """Patch the selectors that event loops use. Idempotent."""
    for name in ("EpollSelector", "KqueueSelector", "PollSelector", "SelectSelector"):
        if hasattr(selectors, name):
            wrap(getattr(selectors, name), "select", _select)


def _select(original: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        loop: Any = _get_running_loop() if orders else None
        if loop is None or getattr(loop, "_selector", None) is not self or has_work(loop):
            return original(self, timeout)
        with selecting(loop), threads.here().waiting(lambda: not has_work(loop)):
            if has_work(loop):  # its turn came as it began to wait
                timeout = 0
            elif any(order.has_waiting for order in orders):
                timeout = POLL if timeout is None else min(timeout, POLL)
                for order in orders:
                    order.pump()
            return original(self, 0 if has_work(loop) else timeout)

    return select


@contextmanager
def selecting(loop: Any) -> Iterator[None]:
    """While it lasts, ``loop`` waits for news."""
    loop._replay_selects = True
    try:
        yield
    finally:
        loop._replay_selects = False
