"""The order of a run whose program is another process: nobody here sees whether it has settled.

What the recording tells is enough. A request that came before some part of an answer was handed over cannot hang on
that part; so a replay may hold the part until the request has come, and it will come. Each issue, part and end has a
*tick* in the recording, without a gap, and each waits until all before it have passed. While something is waited for
that does not come, nothing moves: after :data:`PATIENCE` the lowest that waits goes, and is counted (``reordered``).
"""

from __future__ import annotations

import asyncio
from collections import deque

from replay.cassette import Reader
from replay.engine.order import NEVER

PATIENCE = 10.0
"""Seconds without a move, until the program is taken not to do what it did in the recording."""

AFTERWARDS = 0.05
"""The same, once it has shown that."""


class Turns:
    """Those of one replay. ``left``: it has left its recording, and waits for nothing."""

    def __init__(self, source: Reader) -> None:
        self.reordered = 0
        self.left = False
        self._source = source
        self._expected: dict[bytes, deque[int]] = {}
        for id, _, fingerprint in source.keys():  # noqa: SIM118
            self._expected.setdefault(fingerprint, deque()).append(id)
        self._next = 0
        self._ahead: set[int] = set()
        self._waiting: list[int] = []
        self._moved = asyncio.Event()
        self._patience = PATIENCE

    async def arrived(self, fingerprint: bytes) -> None:
        """A request has come: wait for its turn. Those on several connections may overtake one another."""
        queue = self._expected.get(fingerprint)
        if queue:
            await self.wait(self.issued(queue.popleft()))

    def issued(self, id: int) -> int:
        """The tick at which the recorded event ``id`` was issued."""
        return self._source.answer(id)[0]

    async def wait(self, tick: int) -> bool:
        """Wait for the turn of ``tick``. False: it is never to come, and nothing else moves."""
        self._waiting.append(tick)
        try:
            while self._next < tick and not (self.left and tick < NEVER):
                moved = self._moved
                try:
                    await asyncio.wait_for(moved.wait(), self._patience)
                except TimeoutError:
                    if moved is self._moved and tick == min(self._waiting):
                        return self._forced(tick)
            return True
        finally:
            self._waiting.remove(tick)

    def passed(self, *ticks: int) -> None:
        """What has these ticks has happened, or will not."""
        self._ahead.update(tick for tick in ticks if tick >= self._next)
        while self._next in self._ahead:
            self._ahead.remove(self._next)
            self._next += 1
        self._tell()

    def leave(self) -> None:
        """The run has left its recording: what came after this in it may never come."""
        self.left = True
        self._tell()

    def _forced(self, tick: int) -> bool:
        if tick >= NEVER:
            return False
        self.reordered += 1
        self._patience = AFTERWARDS
        self._next = tick
        self._ahead = {each for each in self._ahead if each >= tick}
        self._tell()
        return True

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
