"""When an event loop has nothing to run: the moment at which its thread waits, and the next answer may come.

Seam: the loop's selector. asyncio asks it with nothing in ``_ready`` exactly when every task waits.

A loop that waits may be woken by another thread of the program (``call_soon_threadsafe``: the end of a work item, for
one). Both could run then, and who is first is chance; so the loop goes on when the others wait, as a thread does.
"""

from __future__ import annotations

import selectors
from asyncio import base_events
from asyncio.events import _get_running_loop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from replay.engine import threads
from replay.engine.finalising import is_finalising
from replay.engine.lineage import parent
from replay.engine.order import POLL, Order, has_work
from replay.engine.turns import wake
from replay.taps.patch import wrap

if TYPE_CHECKING:
    from replay.engine.session import Session

orders: list[Order] = []
"""The schedules of all open sessions of this process."""


def attach() -> None:
    """Patch the selectors that event loops use. Idempotent."""
    for name in ("EpollSelector", "KqueueSelector", "PollSelector", "SelectSelector"):
        if hasattr(selectors, name):
            wrap(getattr(selectors, name), "select", _select)
    wrap(base_events.BaseEventLoop, "call_soon_threadsafe", _call_soon_threadsafe)


def _select(original: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        loop: Any = _get_running_loop() if orders else None
        if loop is None or getattr(loop, "_selector", None) is not self:
            return original(self, timeout)
        _go_on_in_turn(loop)
        if has_work(loop):
            return original(self, timeout)
        with selecting(loop), threads.here().waiting(lambda: not has_work(loop)):
            if has_work(loop):  # its turn came as it began to wait
                timeout = 0
            elif any(order.has_waiting for order in orders):
                timeout = POLL if timeout is None else min(timeout, POLL)
                for order in orders:
                    order.pump()
            found = original(self, 0 if has_work(loop) else timeout)
        _go_on_in_turn(loop)
        return found

    return select


def _go_on_in_turn(loop: Any) -> None:
    wakers: dict[Session, None] | None = getattr(loop, "_replay_wakers", None)
    while wakers:
        session = list(wakers)[0]  # noqa: RUF015 (other threads add to it)
        wake(loop, session)
        wakers.pop(session)  # only now: what else the other thread handed over meanwhile is of the same turn


def _call_soon_threadsafe(original: Callable[..., Any]) -> Callable[..., Any]:
    def call_soon_threadsafe(self: Any, callback: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if orders and self._thread_id not in (None, get_ident()) and (session := _waker()) is not None:
            self.__dict__.setdefault("_replay_wakers", {})[session] = None
        return original(self, callback, *args, **options)

    return call_soon_threadsafe


def _waker() -> Session | None:
    """The session whose program calls here; not a tap's library, nor a tool's body, nor a collection: that is chance.

    The loop may be shared by several sessions (a service records each of its requests): each has its own turns.
    """
    node = parent()
    if node is None or not node.counted or not threads.is_program() or is_finalising():
        return None
    return node.session


@contextmanager
def selecting(loop: Any) -> Iterator[None]:
    """While it lasts, ``loop`` waits for news."""
    loop._replay_selects = True
    try:
        yield
    finally:
        loop._replay_selects = False
