"""Rows after which a run could go another way: answers that differ, by branch and by the tools they asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from replay.dialects.steps import Step
from replay.diff.model import Row


class Turns:
    """Looks for the latest row before another one."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row.number: row for row in rows}
        self._by_branch: dict[str, list[int]] = defaultdict(list)
        self._by_tool: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self._inside: dict[int, list[int]] = defaultdict(list)
        self._holders: dict[tuple[str, int], Row] = {}
        for row in rows:
            self._hold(row)
            self._say(row)
            if row.response or row.mark in ("+", "-"):
                self._add(row)

    def _add(self, row: Row) -> None:
        lineage = row.step.lineage
        self._by_branch[lineage].append(row.number)
        for run, step in (("a", row.a), ("b", row.b)):
            for name in _calls(step):
                self._by_tool[run, lineage, name].append(row.number)
        if row.b is not None and row.b.parent is not None and not row.request:
            self._inside[row.b.parent].append(row.number)

    def _hold(self, row: Row) -> None:
        for run, step in (("a", row.a), ("b", row.b)):
            if step is not None and row.differs:
                self._holders[run, step.number] = row

    def _say(self, row: Row) -> None:
        """Another message over a connection explains what came over it."""
        source = row.b.source if row.b else None
        if row.request and row.b and row.b.parent is not None and source and source.request.action in ("SEND", "CLOSE"):
            self._inside[row.b.parent].append(row.number)

    def around(self, row: Row) -> Row | None:
        """The span or tool that a row of one run only happened in, if that differs too."""
        run, step = ("b", row.b) if row.b else ("a", row.a)
        return self._holders.get((run, step.parent)) if step and step.parent is not None else None

    def asking(self, row: Row, tool: str) -> Row | None:
        """The latest row before, in this branch or one around it, whose answer asks for ``tool`` in the row's run."""
        run = "b" if row.b else "a"
        return self._latest(row, [self._by_tool.get((run, lineage, tool), []) for lineage in _around(row)])

    def before(self, row: Row) -> Row | None:
        """The latest row before, in this branch or one around it."""
        return self._latest(row, [self._by_branch.get(lineage, []) for lineage in _around(row)])

    def within(self, row: Row) -> Row | None:
        """The first row that happened inside this one and was answered otherwise though it asked the same, or said
        something else over this connection."""
        numbers = self._inside.get(row.b.number, ()) if row.b else ()
        return self._rows[numbers[0]] if numbers else None

    def _latest(self, row: Row, lists: Sequence[Sequence[int]]) -> Row | None:
        found = [numbers[at - 1] for numbers in lists if (at := bisect_left(numbers, row.number))]
        return self._rows[max(found)] if found else None


def _around(row: Row) -> Iterator[str]:
    """The row's branch, and those that it came out of."""
    parts = row.step.lineage.split("/")
    return ("/".join(parts[:end]) for end in range(len(parts), 0, -1))


def _calls(step: Step | None) -> set[str]:
    return {call.name for call in step.answer.tool_calls} if step and step.answer else set()
