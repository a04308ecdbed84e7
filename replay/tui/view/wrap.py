"""Laying out lines in a width: where each breaks, and which of them lies at a height.

A page may hold 5 MB on one line or 100,000 lines: then lines break by counting, not by reading them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from rich.cells import chop_cells

from replay.tui.view.page import LONG, Column, coloured
from replay.tui.view.text import Line, Span, cells

MANY = 5_000
"""Lines of a page beyond which all break anywhere."""

_WORD = re.compile(r"\S+\s*|\s+")


def breaks(text: str, width: int, *, between_words: bool = True) -> list[tuple[int, int]]:
    """Where the pieces of ``text`` that fit in ``width`` cells begin and end; one empty piece for empty text."""
    count = height(text, width, between_words=between_words)
    found = (piece(text, width, at, between_words=between_words) for at in range(count))
    return [each for each in found if each is not None]


def piece(text: str, width: int, at: int, *, between_words: bool = True) -> tuple[int, int] | None:
    """Where piece ``at`` of ``text`` begins and ends; None when it has not so many."""
    if len(text) <= LONG and cells(text) <= width:
        return (0, len(text)) if at == 0 else None
    if len(text) > LONG or not between_words:
        size = _characters(text, width)
        return (at * size, min((at + 1) * size, len(text))) if at * size < len(text) else None
    found = _by_words(text, width)
    return found[at] if at < len(found) else None


def height(text: str, width: int, *, between_words: bool = True) -> int:
    """How many pieces :func:`breaks` gives, without making them where counting is enough."""
    if len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return 1
    if len(text) > LONG or not between_words:
        if len(text) <= LONG and cells(text) <= width:
            return 1
        return -(-len(text) // _characters(text, width))
    return len(_by_words(text, width))


def _characters(text: str, width: int) -> int:
    """How many characters always fit in ``width`` cells."""
    return max(1, width if text.isascii() else width // 2)


@lru_cache(maxsize=4096)
def _by_words(text: str, width: int) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    start, used = 0, 0
    for match in _WORD.finditer(text):
        size = cells(match[0].rstrip())  # spaces may stand over the edge
        if used and used + size > width:
            found.append((start, match.start()))
            start, used = match.start(), 0
        if size <= width:
            used += cells(match[0])
            continue
        *whole, rest = chop_cells(match[0], max(2, width))
        for piece in whole:
            found.append((start, start + len(piece)))
            start += len(piece)
        used = cells(rest)
    return (*found, (start, len(text)))


def wrapped(line: Line, width: int) -> list[Line]:
    """``line`` broken between words so that each piece fits in ``width`` cells."""
    text = "".join([span.text for span in line])
    return [tuple(_cut_out(line, start, end)) for start, end in breaks(text, max(2, width))]


def _cut_out(line: Line, start: int, end: int) -> Iterator[Span]:
    at = 0
    for span in line:
        piece = span.text[max(0, start - at) : max(0, end - at)]
        at += len(span.text)
        if piece:
            yield Span(piece, span.role)


class Layout:
    """One or two columns of lines, side by side: the lines of a row are as high as the higher of them.

    ``columns``: equally long. ``width``: cells of each column, with the gutter of numbers and signs.
    """

    def __init__(self, columns: Sequence[Column], width: int) -> None:
        self._columns = columns
        self._digits = max(2, len(str(max(len(column) for column in columns))))
        self._inner = max(4, width - self._digits - 3)
        self._words = len(columns[0]) <= MANY
        self._ends = list(accumulate(self._heights()))

    def _heights(self) -> list[int]:
        inner, words = self._inner, self._words
        short = inner // 2  # so many characters fit, however wide they are
        each = [
            [1 if len(text) <= short else height(text, inner, between_words=words) for text in column.words()]
            for column in self._columns
        ]
        return each[0] if len(each) == 1 else [max(pair) for pair in zip(*each, strict=True)]

    @property
    def height(self) -> int:
        return self._ends[-1] if self._ends else 0

    def top(self, line: int) -> int:
        """The height at which ``line`` (from 0) begins."""
        return self._ends[line - 1] if line else 0

    def at(self, y: int) -> tuple[int, int]:
        """Which line lies at height ``y``, and which piece of it."""
        line = bisect_right(self._ends, y)
        return line, y - self.top(line)

    def shown(self, y: int, column: int = 0) -> Line:
        """What is seen at height ``y``."""
        if not 0 <= y < self.height:
            return ()
        at, part = self.at(y)
        line = self._columns[column][at]
        if line.number is None and not line.text:
            return (Span(" " * (self._digits + 1), "gutter"),)
        found = piece(line.text, self._inner, part, between_words=self._words)
        if found is None:
            return ()
        start, end = found
        number = str(line.number) if part == 0 and line.number is not None else ""
        role = _SIGNS.get(line.sign, "gutter")
        gutter = (Span(f"{number.rjust(self._digits)}", "gutter"), Span(f"{line.sign} ", role))
        return (*gutter, *coloured(line, start, end))


_SIGNS = {"+": "added.sign", "-": "removed.sign"}
