"""The parts of one answer that wait to be written as one frame."""

from __future__ import annotations

from typing import Any

from replay.cassette.codec import encode_end, encode_head
from replay.cassette.segments import PIECE
from replay.cassette.stock import Stock
from replay.events import Chunk, End, Head, Part

FULL = 64 << 10
"""Bytes of chunks that wait at most."""

LATE = 200_000_000
"""Nanoseconds since the event's last frame after which parts do not wait: a stream of tokens is on disk as it comes,
an answer that comes at once is one frame."""


class Batch:
    """Parts of the answer to event ``id`` since the frame written at ``since`` (ns since the start of the run).

    Times and ticks are kept as differences to the one before: small numbers are short in msgpack.
    """

    __slots__ = ("_ats", "_datas", "_end", "_head", "_last", "_size", "_ticks", "id", "since")

    def __init__(self, id: int, since: int) -> None:
        self.id = id
        self.since = since
        self._head: tuple[Head, int, int] | None = None
        self._datas: list[bytes] = []
        self._ats: list[int] = []
        self._ticks: list[int] = []
        self._last = (0, 0)
        self._end: tuple[End, int, int] | None = None
        self._size = 0

    @property
    def is_last(self) -> bool:
        """Whether the answer's end is in here."""
        return self._end is not None

    def add(self, part: Part, at: int, tick: int) -> bool:
        """Take one part; true when it is time to write."""
        if type(part) is Chunk:
            before, ticked = self._last
            self._last = (at, tick)
            self._datas.append(part.data)
            self._ats.append(at - before)
            self._ticks.append(tick - ticked)
            self._size += len(part.data) + 16
            return self._size >= FULL or at - self.since >= LATE
        if isinstance(part, Head):
            self._head = (part, at, tick)
            return at - self.since >= LATE
        assert isinstance(part, End)
        self._end = (part, at, tick)
        return True

    def take(self, at: int, stock: Stock, reads: list[Any] | None) -> list[Any] | None:
        """The payload of a parts frame with ``reads``, and an empty batch; None when nothing waits."""
        if not (self._head or self._datas or self._end or reads):
            return None
        head, end, datas, ats, ticks = self._head, self._end, self._datas, self._ats, self._ticks
        self._head, self._end, self._datas, self._ats, self._ticks = None, None, [], [], []
        self._last = (0, 0)
        self._size = 0
        self.since = at
        return [
            None,
            self.id,
            encode_head(*head, stock) if head else None,
            ats,
            ticks,
            [data if len(data) <= PIECE else stock.data(data) for data in datas],
            encode_end(*end, stock) if end else None,
            reads,
        ]
