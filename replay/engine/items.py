"""The work items of process pools: each is a process of the run by itself, whichever worker does it.

Which worker takes which item is chance, and so is the order in which the results come back. So an item that is handed
to a pool gets an address like a child process (``p``), under which it records or is served, with a schedule of its own.
Its result is handed to the program in turn, by an address of its own (``i``).

Seam here: ``ProcessPoolExecutor.submit``; for the other kind of pool see :mod:`replay.engine.pools`. The pools' own
threads are plumbing and are not seen.
"""

from __future__ import annotations

from _thread import start_new_thread
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from replay.engine import children, idle, kin, lineage, threads
from replay.engine.lineage import Node, not_counting, parent
from replay.engine.order import OVERDUE
from replay.engine.session import Session
from replay.errors import StopReplay
from replay.taps.patch import wrap

_handed_over: WeakKeyDictionary[Any, WeakSet[Future[Any]]] = WeakKeyDictionary()
"""By pool: the futures of its items."""


def attach(module: ModuleType) -> None:
    """Patch ``module``, which is ``concurrent.futures.process``. Idempotent."""
    wrap(module.ProcessPoolExecutor, "submit", _submit)
    wrap(module.ProcessPoolExecutor, "_spawn_process", as_workers)
    wrap(module.ProcessPoolExecutor, "shutdown", _shutdown)


class Item:
    """``fn`` on its way to a worker, where it runs as the process ``address`` of the run. Pickled with ``fn``."""

    def __init__(self, address: str, fn: Callable[..., Any]) -> None:
        self.address = address
        self.fn = fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        worker = next(iter(lineage.sessions()), None)
        if worker is None:  # who handed it over notes that
            return self.fn(*args, **kwargs)
        with _in_place_of(worker, self.address):
            return self.fn(*args, **kwargs)


@contextmanager
def _in_place_of(worker: Session, address: str) -> Iterator[None]:
    from replay.engine.run import open_session

    lineage.close_root(worker.root)
    idle.orders.remove(worker.order)
    try:
        session = open_session(worker.plan.for_child(address))
        try:
            with lineage.bound(session.root):
                yield
        finally:
            session.close()
        if session.stopped is not None:
            raise StopReplay(session.stopped)
    finally:
        lineage.open_root(worker.root)
        idle.orders.append(worker.order)


class Handed:
    """Items of one task that were handed over together, and the turns in which their results come back."""

    def __init__(self, above: Node) -> None:
        self.node = above.child("i")
        self.session = above.session
        self.ticks: dict[int, int | None] = {}
        self.addresses: dict[int, str] = {}

    def item(self, number: int, fn: Callable[..., Any]) -> Item:
        """``fn`` as the item ``number``."""
        address = self.addresses[number] = self.node.child("p").address
        recorded = self.ticks[number] = self.session.timer_tick(self.node, number)
        if recorded is not None and recorded != OVERDUE:
            self.session.order.awaited.add(recorded)
        return Item(address, fn)

    def deliver(self, number: int, hand_over: Callable[[], Any]) -> None:
        """The result of item ``number`` has come, and is handed over in turn.

        By a thread of its own: the pool's has to go on and fetch the results whose turn may be before.
        """
        if not self.session.is_open:
            hand_over()
            return
        with not_counting():
            start_new_thread(self._hand_over, (number, hand_over, threads.expect()))

    def _hand_over(self, number: int, hand_over: Callable[[], Any], thread: threads.Thread) -> None:
        session, recorded = self.session, self.ticks.pop(number, OVERDUE)
        with threads.running(thread):
            if recorded is not None:
                session.order.awaited.discard(recorded)
            session.order.wait(recorded)
            session.timer_fired(self.node, number, None if recorded == OVERDUE else recorded)
            self._note_unseen(self.addresses.pop(number, ""))
            hand_over()

    def _note_unseen(self, address: str) -> None:
        report = kin.plan_of_child(self.session, address).report
        if address and not any(Path(report).glob(f"*{name_of(address)}.result")):
            self.session.result.gaps.append("a work item ran in a process without the recorder: its calls are not kept")


def name_of(address: str) -> str:
    """The address as a part of a file name."""
    return "-" + address.replace("/", "-")


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        above = parent()
        if above is None or not above.counted:
            return original(self, fn, *args, **kwargs)  # type: ignore[no-any-return]
        handed = Handed(above)
        with not_counting():
            future: Any = original(self, handed.item(0, fn), *args, **kwargs)
        _handed_over.setdefault(self, WeakSet()).add(future)
        for name in ("set_result", "set_exception"):
            setattr(future, name, partial(_set_future, handed, getattr(future, name)))
        return future  # type: ignore[no-any-return]

    return submit


def _set_future(handed: Handed, setter: Callable[[Any], None], value: Any) -> None:
    handed.deliver(0, partial(setter, value))


def _shutdown(original: Callable[..., None]) -> Callable[..., None]:
    """Who waits for the pool's end finds all results there, as without us."""

    def shutdown(self: Any, wait: bool = True, **options: Any) -> None:
        original(self, wait=wait, **options)
        if wait:
            wait_for(_handed_over.pop(self, ()))

    return shutdown


def as_workers(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a function that starts workers of a pool."""

    def start(*args: Any, **options: Any) -> Any:
        with children.workers():
            return original(*args, **options)

    return start
