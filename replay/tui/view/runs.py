"""The one or two runs that are looked at."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import groupby

from replay.dialects import price
from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.model import Diff
from replay.tui.view import rows
from replay.tui.view.rows import Row
from replay.tui.view.totals import Totals

ERRORS_LOOKED_AT = 500


class Runs:
    """``a``, and ``b`` when two are compared; then ``diff`` says how. ``ignore``: the fields that were left out."""

    def __init__(self, a: Cassette, b: Cassette | None = None, ignore: tuple[str, ...] = ()) -> None:
        self.a = a
        self.b = b
        self.ignore = ignore
        self._prices: dict[int, float | None] = {}

    @cached_property
    def diff(self) -> Diff | None:
        if self.b is None:
            return None
        from replay.diff.compare import diff

        return diff(self.a, self.b, ignore=self.ignore)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return rows.of_diff(self.diff) if self.diff else rows.of_run(self.a.steps)

    @cached_property
    def totals(self) -> tuple[Totals, ...]:
        """Of a, and of b when there is one; nothing of them is read yet."""
        return tuple([Totals(run.steps, self.price) for run in (self.a, self.b) if run])

    @property
    def now(self) -> Cassette:
        """The run now: b, or a when there is one."""
        return self.b or self.a

    @cached_property
    def errors(self) -> int:
        """How many of the first steps of the run now failed: reading that parses their answers."""
        return sum(step.status == "error" for step in self.now.steps[:ERRORS_LOOKED_AT])

    @cached_property
    def origins(self) -> tuple[tuple[str, int, int], ...]:
        """Stretches of the run now by where their answers came from: origin, first and last step number."""
        found = [(step.number, step.source.origin) for step in self.now.steps if step.source and step.kind != "span"]
        groups = [(origin, list(group)) for origin, group in groupby(found, key=lambda each: each[1])]
        return tuple([(origin, group[0][0], group[-1][0]) for origin, group in groups])

    @cached_property
    def origin_counts(self) -> Counter[str]:
        """How many steps of the run now have each origin, in order of appearance."""
        return Counter(step.source.origin for step in self.now.steps if step.source and step.kind != "span")

    def run_of(self, step: Step) -> Cassette:
        """The run that ``step`` belongs to."""
        if self.b is None:
            return self.a
        steps = self.b.steps
        return self.b if step.number <= len(steps) and steps[step.number - 1] is step else self.a

    def price(self, step: Step) -> float | None:
        """USD of an LLM call at list price, None when it is not known."""
        if id(step) not in self._prices:
            self._prices[id(step)] = price.cost((step,), self.run_of(step).header.created)
        return self._prices[id(step)]
