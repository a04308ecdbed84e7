"""The lines of a pane before they are laid out: a number, a sign, the words, and which of them changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

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


def numbered(texts: Iterable[str]) -> list[PageLine]:
    """``texts`` as lines of one run."""
    return [PageLine(at, text, role=_role(text)) for at, text in enumerate(texts, 1)]


def _role(text: str) -> str:
    return "heading" if text.startswith(HEADING) else ""


HEADING = "── "
"""How a line begins that heads a part of a page."""

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
