"""A comparison as JUnit cases: one for each row, which fails when it differs, and one for the output."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.diff.model import Diff, Row
from replay.report import rows
from replay.report.junit import Case
from replay.report.neutral import neutral_line

_NOT_XML = re.compile("[\ufffe\uffff]")
"""What XML 1.0 section 2.2 does not allow and :mod:`replay.report.neutral` lets through."""


def cases(diff: Diff) -> list[Case]:
    """The cases, in the order of the rows."""
    return [*_rows(diff), Case("output", 0.0, _plain("\n".join(map(rows.change_line, diff.output))))]


def _rows(diff: Diff) -> Iterator[Case]:
    for row in diff.rows:
        a, b = rows.place(row)
        seconds = (row.step.duration or 0) / 1e9
        failure = _failure(diff, row) if row.differs else ""
        yield Case(_plain(neutral_line(f"{a} ⟷ {b} {row.step.kind} {row.step.name}")), seconds, failure)


def _failure(diff: Diff, row: Row) -> str:
    lines = [f"{row.mark} {rows.gist(row)}", *(rows.change_line(change, 400) for change in row.changes)]
    return _plain("\n".join([*lines, *(f"{rows.label(at)}: {said}" for at, said in rows.reasons(diff, row))]))


def _plain(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
