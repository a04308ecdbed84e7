"""A boundary in memory that keeps the reads of each lineage and source in a queue, and serves them again."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from replay.taps import boundary, clock, dice

T = TypeVar("T")
Kept = dict[tuple[str, str], list[Any]]

_now: ContextVar[FakeReads | None] = ContextVar("fake_reads_now", default=None)
"""The session of this context. Threads see it only through :meth:`FakeReads.thread`."""


class FakeReads:
    """Records into ``kept``, or serves what another one kept. ``beyond`` lists the sources read more than recorded."""

    def __init__(self, served: Kept | None = None) -> None:
        self.kept: Kept = defaultdict(list)
        self.beyond: list[str] = []
        self._queues = {key: deque(values) for key, values in served.items()} if served is not None else None
        self._lineage = threading.local()

    def read(self, source: str, real: Callable[[], T]) -> T:
        if self._queues is None:
            value = real()
            self.kept[self.lineage(), source].append(value)
            return value
        queue = self._queues.get((self.lineage(), source))
        if queue:
            return queue.popleft()
        self.beyond.append(source)
        return real()

    def lineage(self) -> str:
        return getattr(self._lineage, "name", "0")

    @property
    def sources(self) -> set[str]:
        return {source for _, source in self.kept}

    @property
    def unread(self) -> int:
        return sum(len(queue) for queue in (self._queues or {}).values())

    def thread(self, name: str, target: Callable[[], Any]) -> threading.Thread:
        """A thread of this session, with ``name`` as its lineage."""

        def run() -> None:
            self._lineage.name = name
            _now.set(self)
            target()

        return threading.Thread(target=run)


@contextmanager
def session(served: Kept | None = None) -> Iterator[FakeReads]:
    """Clock and dice attached, and reads made in the block asked of a :class:`FakeReads`."""
    reads = FakeReads(served)
    before = list(boundary._find)
    boundary.find_with(_now.get)
    token = _now.set(reads)
    clock.attach()
    dice.attach()
    try:
        yield reads
    finally:
        dice.detach()
        clock.detach()
        _now.reset(token)
        boundary._find[:] = before


def twice(program: Callable[[], T]) -> tuple[T, T]:
    """What ``program`` gives while it is recorded, and when it is replayed; the replay reads neither more nor less."""
    with session() as recorded:
        first = program()
    assert recorded.kept, "nothing was recorded"
    with session(recorded.kept) as replayed:
        second = program()
    assert not replayed.beyond
    assert not replayed.unread
    return first, second
