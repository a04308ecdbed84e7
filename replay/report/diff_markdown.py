"""A comparison as Markdown for a pull request: a table of the rows that differ, their fields folded away.

Everything that comes from a run stands escaped within ``<code>`` or ``<pre>``, where GitHub Flavored Markdown
(spec 0.29, sections 4.6 and 6.10) reads neither markup nor mentions.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from replay.diff.model import Diff, Row
from replay.report import rows
from replay.report.diff_text import words
from replay.report.neutral import neutral, neutral_line

MAX_ROWS = 50
MAX_FIELDS = 10
MAX_TEXT = 2000
"""Characters of a field; a comment on GitHub holds 65,536."""


def markdown(diff: Diff) -> str:
    """The document."""
    return "\n".join(_lines(diff))


def _lines(diff: Diff) -> Iterator[str]:
    yield f"### {'✅' if diff.identical else '❌'} {_code(diff.a.path.name)} ⟷ {_code(diff.b.path.name)}"
    yield ""
    yield f"{_code(rows.title(diff))} · {_code(rows.counts(diff))}  "
    yield _code(rows.metrics(diff.totals))
    yield ""
    differing = [row for row in diff.rows if row.differs]
    if differing:
        yield from _table(differing)
    for change in diff.output:
        yield f"Output: {_code(rows.change_line(change))}"
    for row in differing[:MAX_ROWS]:
        yield from _details(row)
    yield from (f"> {_code(note)}" for note in diff.notes)


def _table(differing: list[Row]) -> Iterator[str]:
    yield "| | a | b | step | what | cause |"
    yield "|---|---:|---:|---|---|---|"
    for row in differing[:MAX_ROWS]:
        cause = row.cause.said if row.cause else ""
        cells = (row.mark, *rows.place(row), *(_code(text) for text in (rows.name(row), rows.gist(row), cause)))
        yield f"| {' | '.join(cells)} |"
    if len(differing) > MAX_ROWS:
        yield f"| … | | | {len(differing) - MAX_ROWS} more | | |"
    yield ""


def _details(row: Row) -> Iterator[str]:
    if not row.changes:
        return
    a, b = rows.place(row)
    yield f"<details><summary>{row.mark} {a} ⟷ {b} {_code(rows.name(row))}</summary>"
    yield ""
    for change in row.changes[:MAX_FIELDS]:
        yield f"<pre>{escape(neutral_line(change.path))}\n{escape(neutral(words(change)[:MAX_TEXT]))}</pre>"
    if len(row.changes) > MAX_FIELDS:
        yield f"and {len(row.changes) - MAX_FIELDS} more"
    yield ""
    yield "</details>"
    yield ""


def _code(text: str) -> str:
    """On one line, so that no table and no heading ends in it; a bar is an entity."""
    return f"<code>{escape(neutral_line(text.strip(), 300)).replace('|', '&#124;')}</code>" if text else ""
