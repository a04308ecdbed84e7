"""Finding the recorded event that answers a request, in constant time.

In order of preference: the first unconsumed event with the same fingerprint in the same lineage; with the same
fingerprint in any lineage (moved); with the same fingerprint once ids and times are set aside (volatile). Each event
answers once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Literal, NamedTuple

from replay.canon import volatile_fingerprint
from replay.events import Request

BLOCK = 64
"""Keys taken in at a time."""

How = Literal["exact", "moved", "volatile"]


class Match(NamedTuple):
    id: int
    how: How


class Matcher:
    """The recorded events of one process that have not been asked for yet.

    ``keys`` are (id, lineage, fingerprint) in order of issue; ``request_of`` loads a recorded request, which happens
    only when the exact lookups have failed. ``headers``: names of header fields that take part.
    """

    def __init__(
        self,
        keys: Iterable[tuple[int, str, bytes]],
        request_of: Callable[[int], Request],
        headers: tuple[str, ...] = (),
    ) -> None:
        self._request_of = request_of
        self._headers = headers
        self._keys = iter(keys)
        self._here: dict[tuple[str, bytes], int | deque[int]] = {}
        """An id, for most ask a thing once; a queue of them otherwise."""
        self._anywhere: dict[bytes, deque[int]] | None = None
        self._volatile: dict[bytes, deque[int]] | None = None
        self._left: dict[int, tuple[str, bytes]] = {}

    def take_exact(self, lineage: str, fingerprint: bytes) -> int | None:
        """Consume the first event with this fingerprint in this lineage, and return its id; None if there is none."""
        key = (lineage, fingerprint)
        while True:
            found = self._here.pop(key, None)
            if isinstance(found, deque):
                id = self._pop(found)
                if found:
                    self._here[key] = found
            else:
                id = None if found is None or self._left.pop(found, None) is None else found
            if id is not None or not self._read_on():
                return id

    def take(self, lineage: str, fingerprint: bytes, request: Request) -> Match | None:
        """Consume the event that answers ``request``, or return None: a divergence."""
        exact = self.take_exact(lineage, fingerprint)
        if exact is not None:
            return Match(exact, "exact")
        queue = self._by_fingerprint().get(fingerprint)
        if queue and (id := self._pop(queue)) is not None:
            return Match(id, "moved")
        queue = self._by_volatile().get(volatile_fingerprint(request, self._headers))
        if queue and (id := self._pop(queue)) is not None:
            return Match(id, "volatile")
        return None

    def _read_on(self) -> bool:
        """Take in the next keys; False when there are no more. A replay that asks in order never reads far ahead."""
        left, here = self._left, self._here
        before = len(left)
        for id, lineage, fingerprint in islice(self._keys, BLOCK):
            left[id] = key = (lineage, fingerprint)
            found = here.get(key)
            if found is None:
                here[key] = id
            elif isinstance(found, deque):
                found.append(id)
            else:
                here[key] = deque((found, id))
        return len(left) > before

    def _by_fingerprint(self) -> dict[bytes, deque[int]]:
        if self._anywhere is None:
            self._anywhere = {}
            for id, (_, fingerprint) in self._all_left().items():
                self._anywhere.setdefault(fingerprint, deque()).append(id)
        return self._anywhere

    def _all_left(self) -> dict[int, tuple[str, bytes]]:
        while self._read_on():
            pass
        return self._left

    def _pop(self, queue: deque[int]) -> int | None:
        while queue:
            id = queue.popleft()
            if self._left.pop(id, None) is not None:
                return id
        return None

    def _by_volatile(self) -> dict[bytes, deque[int]]:
        if self._volatile is None:
            self._volatile = {}
            for id in self._all_left():
                key = volatile_fingerprint(self._request_of(id), self._headers)
                self._volatile.setdefault(key, deque()).append(id)
        return self._volatile

    def discard(self, ids: Iterable[int]) -> None:
        """Take ``ids`` out: they are covered by an event that was served whole."""
        self._all_left()
        for id in ids:
            self._left.pop(id, None)

    @property
    def left(self) -> list[int]:
        """Ids of the events that nothing asked for, in order of issue."""
        return list(self._all_left())

    def closest(self, lineage: str, request: Request, is_covered: Callable[[str], bool]) -> int | None:
        """The next unconsumed event like ``request``: same lineage before others, same target before same kind.

        Not one of a lineage that ``is_covered``: nothing was to ask for it again.
        """
        best: tuple[int, int] | None = None
        for id, (of, _) in self._all_left().items():
            if is_covered(of):
                continue
            recorded = self._request_of(id)
            rank = _likeness(recorded, request) * 2 + (of == lineage)
            if recorded.kind == request.kind and (best is None or rank > best[0]):
                best = (rank, id)
        return best[1] if best else None


def _likeness(recorded: Request, asked: Request) -> int:
    return (recorded.target == asked.target) * 2 + (recorded.action == asked.action)
