"""Clock and dice: values kept in a queue per lineage and source, apart from the calls.

Apart, so that one read more or less never hides that a prompt changed: a replay whose program reads beyond what was
recorded gets a plausible value (the clock goes on from where it was, the dice are real) and the surplus is counted.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from replay.events import Reads

T = TypeVar("T")

BLOCK = 64
"""Recorded reads decoded at a time, which costs half of decoding each by itself between two calls."""


class RecordedReads:
    """Collects what was read since the last flush."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], list[Any]] = {}

    def read(self, lineage: str, source: str, real: Callable[[], T]) -> T:
        value = real()
        self.add(lineage, source, [value])
        return value

    def add(self, lineage: str, source: str, values: list[Any]) -> None:
        self._since.setdefault((lineage, source), []).extend(values)

    def flush(self) -> list[Reads]:
        """What was read since the last flush, to be written before the next event."""
        if not self._since:
            return []
        since, self._since = self._since, {}
        return [Reads(lineage, source, tuple(values)) for (lineage, source), values in since.items()]


class ServedReads:
    """Serves recorded reads; counts those asked for beyond the recorded ones.

    ``recorded`` is consumed as values are asked for, so that a long recording need not be decoded before it begins.
    """

    def __init__(self, recorded: Iterable[Reads]) -> None:
        self._recorded = iter(recorded)
        self._lock = allocate_lock()
        self._queues: dict[tuple[str, str], deque[Any]] = {}
        self._last: dict[str, tuple[Any, Any]] = {}
        self.overread = 0

    def read_on(self) -> bool:
        """Take in more of what was recorded; False when there is no more."""
        with self._lock:
            taken = list(islice(self._recorded, BLOCK))
            for reads in taken:
                self._queues.setdefault((reads.lineage, reads.source), deque()).extend(reads.values)
        return bool(taken)

    def read(self, lineage: str, source: str, real: Callable[[], T]) -> T:
        queue = self._queues.get((lineage, source))
        while not queue and self.read_on():
            queue = self._queues.get((lineage, source))
        now = real()
        if queue:
            value = queue.popleft()
            self._last[source] = (value, now)
            return value  # type: ignore[no-any-return]
        self.overread += 1
        return self._beyond(source, now)

    def _beyond(self, source: str, now: T) -> T:
        """A clock goes on from the last recorded value at the real pace (a frozen one would hang `while now < end`)."""
        last = self._last.get(source)
        if last is None or not isinstance(now, int | float) or not source.startswith("time."):
            return now
        return last[0] + (now - last[1])  # type: ignore[no-any-return]

    def unread(self, is_covered: Callable[[str], bool]) -> int:
        """How many recorded reads nothing asked for, but for the lineages that need not run (``is_covered``)."""
        while self.read_on():
            pass
        return sum(len(queue) for (lineage, _), queue in self._queues.items() if queue and not is_covered(lineage))
