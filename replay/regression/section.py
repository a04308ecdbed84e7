"""What a failed test says about its replay: the first step that is not as recorded, why, and what to type next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from replay.dialects.cassette import Cassette, open_cassette
from replay.dialects.steps import Step
from replay.diff.compare import diff as compare
from replay.diff.explain import Explanation, described, explain
from replay.diff.fields import Change
from replay.diff.inputs import changed_inputs
from replay.engine.result import Result
from replay.errors import CassetteError
from replay.regression.names import shown
from replay.regression.verdict import Word, flaws
from replay.report import rows
from replay.report.amounts import counted
from replay.report.neutral import neutral_line

MOST_CHANGES = 3
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a test has failed. ``played``: the cassette it was served from, None if there is none;
    ``cassette``: the one it should have. ``unused``: recorded events that were not asked for."""

    node: str
    played: Path | None
    cassette: Path
    last: Path
    project: Path
    result: Result
    unused: list[int]
    tolerated: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """``step``: where to look, 0 if nowhere."""

    title: str
    lines: tuple[str, ...]
    step: int = 0


def tell(word: Word, facts: Facts) -> Told:
    """The section for a failing ``word``, control sequences neutralised."""
    try:
        told = _TELL[word](facts)
    except CassetteError as error:  # damaged in the middle
        told = Told(f"{word}: {error.message}", (f"hint: {error.hint}",))
    return Told(neutral_line(told.title), tuple(neutral_line(line) for line in told.lines), told.step)


def _missing(facts: Facts) -> Told:
    asked = facts.result.divergences[0]
    place = f", called at {asked.where}" if asked.where else ""
    return Told(
        "no cassette",
        (
            f" + 1 {described(asked.asked)}{place}",
            f" cause: there is no {shown(facts.cassette, facts.project)}",
            f" record:  pytest {shlex.quote(facts.node)} --replay-mode once",
        ),
    )


def _diverged(facts: Facts) -> Told:
    assert facts.played is not None
    cassette = open_cassette(facts.played)
    first = facts.result.divergences[0]
    seed = os.environ.get("PYTHONHASHSEED", "")
    found = explain(first, cassette, hash_seed=seed, changed=facts.result.changed_inputs)
    total = len(cassette.steps)
    lines = (
        *_asked(found),
        f" cause: {found.cause}",
        f" {counted(facts.result.served, 'call')} as recorded, {_left(facts, cassette)}",
        *_next(facts, found.step),
    )
    return Told(f"diverged at step {found.step} of {total}", lines, found.step)


def _asked(found: Explanation) -> Iterator[str]:
    place = f", called at {found.where}" if found.where else ""
    if found.closest is None:
        yield f" + {found.step} {found.asked}{place}   (only in this run)"
        return
    yield f" ≠ {found.closest} {found.asked}{place}"
    yield from _changes(found.changes)


def _changes(changes: Iterable[Change]) -> Iterator[str]:
    several = list(changes)
    for change in several[:MOST_CHANGES]:
        yield f"     {rows.change_line(change)}"
    if len(several) > MOST_CHANGES:
        yield f"     and {counted(len(several) - MOST_CHANGES, 'other field')}"


def _left(facts: Facts, cassette: Cassette) -> str:
    asked = sum(step.source is not None and step.kind != "span" for step in cassette.steps)
    return f"{max(0, asked - facts.result.served)} not reached"


def _different(facts: Facts) -> Told:
    """All that was asked for was served, and yet the run was not as recorded."""
    assert facts.played is not None
    cassette = open_cassette(facts.played)
    gone = list(islice(_steps_of(cassette, facts.unused), MOST_STEPS + 1))
    said = [flaw.said for flaw in flaws(facts.result) if flaw.name not in facts.tolerated and flaw.name != "unused"]
    lines = [f" - {step.number} {_named(step)}   (only in the recording)" for step in gone[:MOST_STEPS]]
    if len(facts.unused) > len(lines):
        lines.append(f"   and {len(facts.unused) - len(lines)} more")
    cause = changed_inputs(facts.result.changed_inputs) or (_lost(gone[0], cassette) if gone else "")
    first = gone[0].number if gone else 1
    title = f"step {first} of {len(cassette.steps)} was not asked for" if gone else "not as recorded"
    lines += [f" {each}" for each in said]
    return Told(title, (*lines, *([f" cause: {cause}"] if cause else []), *_next(facts, first)), first)


def _lost(step: Step, cassette: Cassette) -> str:
    """Why a recorded call may not be made any more, as far as the recording shows."""
    if any(other.number > step.number and other.source and other.kind != "span" for other in cassette.steps):
        return "your code no longer makes this call, and goes on as recorded"
    return "your code ends before the recorded run did"


def _refused(facts: Facts) -> Told:
    what = ", ".join(facts.result.refused[:MOST_CHANGES])
    host = facts.result.refused[0].partition(" ")[0].rpartition(":")[0]
    lines = [f" refused: {what}"]
    if host:
        lines.append(f" allow:   --replay-allowed-hosts {host}, if it is no part of the run")
    return Told("refused: a replay reaches nothing outside its cassette", tuple(lines))


def departure(base: Path, run: Path, project: Path, last: Path) -> Told | None:
    """How ``run`` departed on purpose from ``base``, for a test that failed; None if it did not. ``last``: where a
    person will find it."""
    diff = compare(base, run)
    if diff.identical or diff.first is None:
        return None
    differing = [row for row in diff.rows if row.differs]
    lines = [f" {row.mark} {row.step.number} {row.step.kind} {row.step.name}   {rows.gist(row)}" for row in differing]
    if len(lines) > MOST_STEPS:
        lines[MOST_STEPS:] = [f"   and {len(lines) - MOST_STEPS} more"]
    first = diff.first
    if first.cause:
        lines.append(f" cause: {first.cause.said}")
    lines.append(f" {rows.metrics(metric for metric in diff.totals if metric.name != 'duration')}")
    lines.append(f" {rows.counts(diff)}")
    played, written = (shlex.quote(shown(path, project)) for path in (base, last))
    lines.append(f" look:    replay ui {played} {written} --step {first.step.number}")
    title = f"departed at step {first.step.number} of {len(diff.b.steps)}"
    return Told(title, tuple(neutral_line(line) for line in lines), first.step.number)


_TELL: dict[Word, Callable[[Facts], Told]] = {
    "missing": _missing,
    "diverged": _diverged,
    "different": _different,
    "refused": _refused,
}


def _next(facts: Facts, step: int) -> Iterator[str]:
    assert facts.played is not None
    played, last = (shlex.quote(shown(path, facts.project)) for path in (facts.played, facts.last))
    yield f" look:    replay ui {played} {last} --step {step}"
    yield f" accept:  pytest {shlex.quote(facts.node)} --replay-update"


def _steps_of(cassette: Cassette, events: list[int]) -> Iterator[Step]:
    wanted = set(events)
    return (step for step in cassette.steps if step.event in wanted)


def _named(step: Step) -> str:
    return described(step.source.request) if step.source else f"{step.kind} {step.name}"
