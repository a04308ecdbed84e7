"""The lines of a pane before they are laid out: a number, a sign, the words, and which of them changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import overload

from replay.tui.view.text import Span

LONG = 2_000
"""Characters beyond which a line is shown without colours, and broken anywhere instead of between words."""


@dataclass(frozen=True, slots=True)
class PageLine:
    """``number``: from 1, None for a filler beside a line of the other run. ``sign``: ``+``, ``-`` or blank.

    ``role``: how the whole line looks. ``marks``: where in ``text`` the words that changed begin and end.
    """

    number: int | None
    text: str
    sign: str = " "
    role: str = ""
    marks: tuple[tuple[int, int], ...] = ()


FILLER = PageLine(None, "")

HEADING = "── "
"""How a line begins that heads a part of a page."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The lines ``start`` to ``stop`` of ``texts``, all with one sign. A page of 100,000 lines is a few of these."""

    texts: Sequence[str]
    start: int
    stop: int
    sign: str = " "

    def __len__(self) -> int:
        return self.stop - self.start

    def line(self, at: int) -> PageLine:
        number = self.start + at
        text = self.texts[number]
        return PageLine(number + 1, text, self.sign, "heading" if text.startswith(HEADING) else "")

    def words(self) -> Sequence[str]:
        """The texts alone."""
        return self.texts[self.start : self.stop]


@dataclass(frozen=True, slots=True)
class Made:
    """Lines that are there already: those that changed, with their marks."""

    lines: tuple[PageLine, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def line(self, at: int) -> PageLine:
        return self.lines[at]

    def words(self) -> Sequence[str]:
        return [line.text for line in self.lines]


@dataclass(frozen=True, slots=True)
class Blank:
    """``count`` lines of nothing, beside lines that only the other run has."""

    count: int

    def __len__(self) -> int:
        return self.count

    def line(self, at: int) -> PageLine:
        return FILLER

    def words(self) -> Sequence[str]:
        return [""] * self.count


class Column(Sequence[PageLine]):
    """The lines of one pane, made when they are looked at."""

    def __init__(self, parts: Iterable[Stretch | Made | Blank]) -> None:
        self.parts = tuple([part for part in parts if len(part)])
        self._ends = list(accumulate(map(len, self.parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> PageLine: ...
    @overload
    def __getitem__(self, at: slice) -> list[PageLine]: ...
    def __getitem__(self, at: int | slice) -> PageLine | list[PageLine]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        part = bisect_right(self._ends, at)
        return self.parts[part].line(at - (self._ends[part - 1] if part else 0))

    def words(self) -> list[str]:
        """The texts of all lines."""
        return [text for part in self.parts for text in part.words()]


def numbered(texts: Sequence[str]) -> Column:
    """``texts`` as the lines of one run."""
    return Column((Stretch(texts, 0, len(texts)),))


_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?P<word>\b(?:true|false|null)\b)"
)


def coloured(line: PageLine, start: int, end: int) -> list[Span]:
    """The characters ``start`` to ``end`` of ``line``, each piece with its role."""
    text = line.text
    is_one = line.role or len(text) > LONG
    pieces = [(start, end, line.role)] if is_one else _syntax(text, start, end)
    if line.sign != " ":
        base = "added" if line.sign == "+" else "removed"
        pieces = [(a, b, role or base) for a, b, role in pieces] if not line.marks else pieces
        pieces = _marked(pieces, line.marks, f"{base}.word")
    return [Span(text[a:b], role) for a, b, role in pieces if b > a]


def _syntax(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    pieces, at = [], start
    for match in _TOKEN.finditer(text):
        a, b = max(match.start(), start), min(match.end(), end)
        if a >= b:
            continue
        pieces += [(at, a, ""), (a, b, f"json.{match.lastgroup}")]
        at = b
    return [*pieces, (at, end, "")]


def _marked(
    pieces: Sequence[tuple[int, int, str]], marks: Sequence[tuple[int, int]], role: str
) -> list[tuple[int, int, str]]:
    """``pieces`` cut at the ends of ``marks``; what lies within one plays ``role``."""
    cuts = sorted({edge for mark in marks for edge in mark})
    found = []
    for a, b, old in pieces:
        edges = [a, *(cut for cut in cuts if a < cut < b), b]
        for x, y in pairwise(edges):
            found.append((x, y, role if any(m <= x and y <= n for m, n in marks) else old))
    return found
