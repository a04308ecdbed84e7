"""``replay.diff``: two runs compared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from replay.dialects.cassette import Cassette, open_cassette
from replay.diff import metrics
from replay.diff.align import Aligned, align_steps, asked_in, trusted
from replay.diff.fields import Change, differing_values
from replay.diff.inputs import changed_inputs, differing_inputs, is_secret
from replay.diff.model import Cause, Diff, Link, Mark, Metric, Row
from replay.diff.pair import EQUAL, Compared, compare
from replay.diff.rules import Rules, rules
from replay.diff.volatile import Volatile
from replay.diff.why import Why
from replay.errors import UsageError

Run = str | os.PathLike[str] | Cassette


def diff(
    a: Run,
    b: Run,
    *,
    only: Iterable[str] = (),
    ignore: Iterable[str] = (),
    exact: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Diff:
    """How run ``b`` differs from run ``a``: paths of cassettes, or opened ones.

    ``only`` and ``ignore``: what is compared (:mod:`replay.diff.rules`). ``exact``: ids and times, which are another in
    every run, count as differences too. ``progress``: told how many rows are done, and of how many. Raises
    :class:`replay.errors.CassetteError` when a file cannot be read, and :class:`replay.errors.UsageError` when ``only``
    names no step at all.
    """
    old, new = (run if isinstance(run, Cassette) else open_cassette(run) for run in (a, b))
    chosen = rules(only, ignore, exact=exact)
    asked = asked_in(old), asked_in(new)
    aligned = align_steps(old.steps, new.steps, trusted=trusted(old, new), asked=asked)
    shown = [row for row in aligned if _shown(row, chosen)]
    if aligned and not shown and chosen.only_steps:
        kinds = sorted({step.kind for run in (old, new) for step in run.steps})
        raise UsageError("only leaves no step to compare", hint=f"the runs have steps of the kinds {', '.join(kinds)}")
    details = _Details(old, new)
    rows = tuple(_rows(shown, chosen, details, progress))
    details.why = Why(old, new, rows)
    return Diff(old, new, rows, _output(old, new, chosen), tuple(_notes(old, new)), len(aligned) - len(shown))


def _shown(row: Aligned, chosen: Rules) -> bool:
    return any(step is not None and chosen.shows(step) for step in (row.a, row.b))


def _rows(
    aligned: Sequence[Aligned], chosen: Rules, details: _Details, progress: Callable[[int, int], None]
) -> Iterable[Row]:
    volatile = Volatile(details.a.steps, details.b.steps)
    for number, each in enumerate(aligned, 1):
        progress(number, len(aligned))
        if each.a is None or each.b is None:
            yield Row(number, "-" if each.b is None else "+", each.a, each.b, details, moved=each.moved)
            continue
        compared = compare(each.a, each.b, chosen, volatile)
        details.compared[number] = compared
        sides = bool(compared.request), bool(compared.response)
        yield Row(number, _mark(compared), each.a, each.b, details, *sides, moved=each.moved)


def _mark(compared: Compared) -> Mark:
    if compared.request or compared.response:
        return "≠"
    return "≈" if compared.like else "="


def _output(old: Cassette, new: Cassette, chosen: Rules) -> tuple[Change, ...]:
    """How the runs' results differ. A run that told no result has null."""
    changes = differing_values(old.output, new.output, "output")
    return tuple([change for change in changes if chosen.counts(change.path)])


def _notes(old: Cassette, new: Cassette) -> Iterable[str]:
    for run in (old, new):
        if run.cut:
            yield f"{run.path.name} is not whole: {run.cut}"
    inputs = [name for name in differing_inputs(old.notes, new.notes) if not is_secret(name)]
    if inputs:
        yield changed_inputs(inputs)
    for gap in [note for run in (old, new) for note in run.notes if note.kind == "gap"]:
        yield f"not kept while recording: {gap.data}"


class _Details:
    """What rows ask for when they are looked at."""

    why: Why

    def __init__(self, a: Cassette, b: Cassette) -> None:
        self.a, self.b = a, b
        self.compared: dict[int, Compared] = {}

    def changes(self, row: Row, /) -> tuple[Change, ...]:
        return self.compared.get(row.number, EQUAL).changes

    def metrics(self, row: Row, /) -> tuple[Metric, ...]:
        return metrics.of_steps(row.a, row.b, (self.a.header.created, self.b.header.created))

    def cause(self, row: Row, /) -> Cause | None:
        return self.why.cause(row)

    def chain(self, row: Row, /) -> tuple[Link, ...]:
        return self.why.chain(row)
