"""A comparison for a terminal: the rows that differ with their neighbours, or one row in full."""

from __future__ import annotations

from collections.abc import Iterator

from replay.diff.fields import Change
from replay.diff.model import Diff, Row
from replay.diff.words import word_pieces
from replay.report import rows
from replay.report.neutral import neutral, neutral_line
from replay.report.steps import details

CONTEXT = 2
"""Equal rows that are shown on either side of one that differs."""

NAME_WIDTH = 44
LINE_WIDTH = 200
MAX_VALUE = 20_000
"""Characters of a value that are shown in full."""

_WORDS = {"equal": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
"""As ``git diff --word-diff`` marks words."""


def overview(diff: Diff) -> Iterator[str]:
    """The heading, the rows that differ, the cause of the first, and the sums."""
    yield neutral_line(f"{diff.a.path.name} ⟷ {diff.b.path.name}   {rows.title(diff)}")
    yield from _listing(diff)
    for change in diff.output:
        yield neutral_line(f" ≠ {rows.change_line(change)}", LINE_WIDTH)
    if diff.first and diff.first.cause:
        yield neutral_line(f"cause: {diff.first.cause.said}")
    yield neutral_line("; ".join(filter(None, (rows.counts(diff), rows.metrics(diff.totals)))))


def _listing(diff: Diff) -> Iterator[str]:
    shown = _near(diff)
    wide = max((len(rows.name(diff.rows[at])) for at in shown), default=0)
    last = -1
    for at in shown:
        yield from _folded(at - last - 1)
        yield line(diff.rows[at], min(wide, NAME_WIDTH))
        last = at
    if shown:
        yield from _folded(len(diff.rows) - last - 1)


def _near(diff: Diff) -> list[int]:
    """Places of the rows that differ and of their neighbours."""
    near: set[int] = set()
    for at, row in enumerate(diff.rows):
        if row.differs:
            near.update(range(max(0, at - CONTEXT), min(len(diff.rows), at + CONTEXT + 1)))
    return sorted(near)


def _folded(count: int) -> Iterator[str]:
    if count:
        yield f"   … {count} equal"


def line(row: Row, wide: int = NAME_WIDTH) -> str:
    """``≠  14  14  ◆ next_action   response.content: …``."""
    a, b = rows.place(row)
    name = neutral_line(rows.name(row), NAME_WIDTH)
    return f" {row.mark} {a:>4} {b:>4}  {name:<{wide}}  {neutral_line(rows.gist(row), LINE_WIDTH)}".rstrip()


def in_full(diff: Diff, row: Row) -> Iterator[str]:
    """One row: why, what it cost, and every field that differs, word by word."""
    yield line(row)
    for at, said in rows.reasons(diff, row):
        yield neutral_line(f"  {'cause' if at is row else rows.label(at)}: {said}")
    if metrics := rows.metrics(row.metrics):
        yield neutral_line(f"  {metrics}")
    for change in row.changes:
        yield neutral_line(f"--- {change.path} ({change.how})")
        yield neutral(words(change))
    if row.a is None or row.b is None:
        yield from (neutral(said[:MAX_VALUE]) for said in details(row.step))


def words(change: Change) -> str:
    """Both values in one text, the differing words marked."""
    old, new = ("" if value is None else rows.whole(value)[:MAX_VALUE] for value in (change.before, change.after))
    return "".join(_WORDS[piece.how].format(piece.text) for piece in word_pieces(old, new))
