"""The rows of the timeline: the steps of one run, or the aligned steps of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.dialects.steps import Step
from replay.diff import model as diff


@dataclass(frozen=True, slots=True)
class Row:
    """``at``: its place, from 0. ``mark``: as in :data:`replay.diff.model.Mark`, empty when there is one run.

    ``parent``: the place of the span or tool around it; ``end``: the place of the last row inside this one, its own
    when nothing is. ``pair``: what the comparison says, None when there is one run.
    """

    at: int
    mark: str
    a: Step | None
    b: Step | None
    depth: int
    parent: int | None
    end: int
    pair: diff.Row | None = None

    @property
    def step(self) -> Step:
        """The step of b, else that of a."""
        found = self.b or self.a
        assert found is not None
        return found

    @property
    def differs(self) -> bool:
        return self.pair is not None and self.pair.differs

    @property
    def encloses(self) -> bool:
        return self.end > self.at


def of_run(steps: Sequence[Step]) -> tuple[Row, ...]:
    """One row a step."""
    return _nested([("", step, None, None) for step in steps])


def of_diff(compared: diff.Diff) -> tuple[Row, ...]:
    """One row for each row of ``compared``."""
    return _nested([(row.mark, row.a, row.b, row) for row in compared.rows])


_Raw = tuple[str, Step | None, Step | None, diff.Row | None]


def _nested(found: list[_Raw]) -> tuple[Row, ...]:
    """A row's parent is that of its own step in its own run, so that rows of one run only lie in the right span."""
    places: tuple[dict[int, int], dict[int, int]] = ({}, {})
    parents: list[int | None] = []
    depths: list[int] = []
    ends = list(range(len(found)))
    for at, (_, a, b, _) in enumerate(found):
        run, step = (1, b) if b else (0, a)
        assert step is not None
        parent = places[run].get(step.parent) if step.parent is not None else None
        parents.append(parent)
        depths.append(depths[parent] + 1 if parent is not None else 0)
        for place, each in zip(places, (a, b), strict=True):
            if each:
                place[each.number] = at
        while parent is not None:
            ends[parent], parent = at, parents[parent]
    return tuple(
        [Row(at, mark, a, b, depths[at], parents[at], ends[at], pair) for at, (mark, a, b, pair) in enumerate(found)]
    )
