"""Two sequences aligned by similarity, in order, with affine gaps (Gotoh, J. Mol. Biol. 162, 1982).

An affine gap costs more to open than to go on, so that a block that came or went stays one block. Work is bounded: more
than ``CELLS`` cells are not looked at but for a band around the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable

CELLS = 120_000
"""Cells of a whole table: beyond, only a band is filled. 2,000 by 2,000 steps have 4 million."""

HALF_BAND = 48

ENOUGH = 0.4
"""Similarity below which two items are never set against each other."""

_OPEN = 0.12
_EXTEND = 0.02
_LEVEL = 0.3
"""What a pair must be worth beyond the two gaps that it saves."""

_NEVER = -1e9
_PAIR, _OLD, _NEW = 0, 1, 2
"""How a path came to a cell: by a pair, an item of the old sequence alone, or one of the new alone."""

Similarity = Callable[[int, int], float]
"""0 to 1, of item ``i`` of the old sequence and ``j`` of the new."""


def align(old: int, new: int, similarity: Similarity) -> list[tuple[int, int]]:
    """The pairs ``(i, j)``, both rising, of the best alignment of ``old`` items with ``new`` ones."""
    if not old or not new:
        return []
    return _Table(old, new, similarity).pairs()


class _Table:
    """The cells of the band, row by row; only the way back is kept of them, one byte a cell."""

    def __init__(self, old: int, new: int, similarity: Similarity) -> None:
        self.old, self.new, self.similarity = old, new, similarity
        whole = (old + 1) * (new + 1) <= CELLS
        self.half = new if whole else max(HALF_BAND, CELLS // (2 * (old + 1)))
        self.starts: list[int] = []
        self.ways: list[bytearray] = []

    def pairs(self) -> list[tuple[int, int]]:
        state = self._fill()
        found: list[tuple[int, int]] = []
        i, j = self.old, self.new
        while i and j:
            way = self.ways[i][j - self.starts[i]]
            before = way >> (2 * state) & 3
            if state == _PAIR:
                i, j = i - 1, j - 1
                found.append((i, j))
            elif state == _OLD:
                i -= 1
            else:
                j -= 1
            state = before
        found.reverse()
        return found

    def _fill(self) -> int:
        """Fill all rows; the state in which the best path ends."""
        above = self._first_row()
        for i in range(1, self.old + 1):
            above = self._row(i, above)
        last = self.new - self.starts[self.old]
        ends = [row[last] for row in above]
        return ends.index(max(ends))

    def _band(self, i: int) -> tuple[int, int]:
        middle = i * self.new // self.old
        return max(0, middle - self.half), min(self.new, middle + self.half)

    def _first_row(self) -> tuple[list[float], list[float], list[float]]:
        low, high = self._band(0)
        size = high - low + 1
        gaps = [_NEVER, *[-_OPEN - _EXTEND * j for j in range(size - 1)]]
        self.starts.append(low)
        self.ways.append(bytearray([_NEW << 4]) * size)
        return [0.0, *[_NEVER] * (size - 1)], [_NEVER] * size, gaps

    def _row(
        self, i: int, above: tuple[list[float], list[float], list[float]]
    ) -> tuple[list[float], list[float], list[float]]:
        """Row ``i``: for each cell the best score of a path that ends there in each of the three states."""
        low, high = self._band(i)
        shift = low - self.starts[-1]
        width = len(above[0])
        pair, alone, came = above
        out: tuple[list[float], list[float], list[float]] = ([], [], [])
        ways = bytearray()
        similarity, last_pair, last_old, last_new = self.similarity, _NEVER, _NEVER, _NEVER
        for n in range(high - low + 1):
            at = n + shift  # the cell above; the one before it lies on the diagonal
            way = 0
            value = _NEVER
            if low + n and 0 < at <= width:
                alike = similarity(i - 1, low + n - 1)
                if alike >= ENOUGH:
                    best, way = _best(pair[at - 1], alone[at - 1], came[at - 1])
                    value = best + alike - _LEVEL
            gone, from_above = _NEVER, _OLD
            if at < width:
                gone, from_above = _best(pair[at] - _OPEN, alone[at] - _EXTEND, came[at] - _OPEN)
            new, from_left = _best(last_pair - _OPEN, last_old - _OPEN, last_new - _EXTEND)
            ways.append(way | from_above << 2 | from_left << 4)
            out[0].append(value)
            out[1].append(gone)
            out[2].append(new)
            last_pair, last_old, last_new = value, gone, new
        self.starts.append(low)
        self.ways.append(ways)
        return out


def _best(pair: float, old: float, new: float) -> tuple[float, int]:
    if pair >= old and pair >= new:
        return pair, _PAIR
    return (old, _OLD) if old >= new else (new, _NEW)
