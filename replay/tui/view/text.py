"""A line of the screen: pieces of text, each with the role it plays. How a role looks is the theme's business.

Widths are in cells: a CJK character takes two (Unicode UAX #11, as terminals count).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from replay.report.neutral import neutral, neutral_line


@dataclass(frozen=True, slots=True)
class Span:
    """``role``: a name of :data:`replay.tui.theme.ROLES`, or empty for plain text."""

    text: str
    role: str = ""


Line = tuple[Span, ...]


_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")
"""What makes one picture of several (zero width joiner) or of a letter (variation selectors, Unicode UTS #51):
terminals do not agree on how wide the result is, so a line that holds it would shift what stands beside it."""


def steady(text: str) -> str:
    """``text`` without what steers a terminal, and without what makes its width uncertain; tabs and newlines stay."""
    return _joined(neutral(text))


def steady_line(text: str) -> str:
    """The same on one line: tabs and newlines are escaped."""
    return _joined(neutral_line(text))


def _joined(text: str) -> str:
    for joiner in _JOINERS if not text.isascii() else ():
        text = text.replace(joiner, "")
    return text


def cells(text: str) -> int:
    """The cells that ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def width_of(line: Iterable[Span]) -> int:
    """The cells that ``line`` takes."""
    return sum(cells(span.text) for span in line)


def plain(line: Iterable[Span]) -> str:
    """The words of ``line``."""
    return "".join([span.text for span in line])


def shortened(text: str, width: int) -> str:
    """``text``, neutral and on one line, in at most ``width`` cells; a cut is shown by ``…``."""
    safe = steady_line(text[: 4 * width + 8] if width > 0 else "")
    if cells(safe) <= width:
        return safe
    return set_cell_size(safe, width - 1).rstrip() + "…" if width > 0 else ""


def fitted(text: str, width: int) -> str:
    """The same, filled up with spaces to ``width`` cells."""
    short = shortened(text, width)
    return short + " " * (width - cells(short))


def flush_right(line: Line, width: int) -> Line:
    """``line`` with spaces before its last span, so that it ends at ``width`` cells."""
    gap = width - width_of(line)
    return (*line[:-1], Span(" " * gap), line[-1]) if gap > 0 and line else line
