"""Is a program deterministic in itself? Run once for real, then twice against what it was answered, and compare.

The answers, the clock and the dice are the recorded ones each time, the processes are new, and the second run has
another hash seed. What these runs ask differently is the program's own doing.
"""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.cli.repeat import MAX_SEED, Conditions, compared, judged

if TYPE_CHECKING:
    from replay.cassette import Reader
    from replay.cli.launch import Outcome
    from replay.cli.repeat import Attempt
    from replay.diff.first import Difference
    from replay.diff.unsteady import Finding
    from replay.engine.result import Result
    from replay.engine.sources import Source, Sources

STEADY = 0
UNSTEADY = 1
NO_VERDICT = 2

MOST = 50
"""Requests of one run that are compared field by field."""


@dataclass(frozen=True, slots=True)
class Examined:
    """``findings``: what differs from run to run. ``served``: the reads of clock and dice, which a replay serves again.
    ``problems``: other ways in which a run was not the recorded one, in words. ``steps``: how many were compared."""

    steps: int
    findings: tuple[Finding, ...]
    served: tuple[Source, ...]
    problems: tuple[str, ...]
    unseen: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        if self.unseen:
            return NO_VERDICT
        return UNSTEADY if self.findings or self.problems else STEADY

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "code": self.code,
            "steps": self.steps,
            "findings": [finding.to_dict() for finding in self.findings],
            "problems": list(self.problems),
            "unseen": list(self.unseen),
            "served": [{"name": each.name, "where": each.where} for each in self.served],
        }


def examine(argv: tuple[str, ...], said: Callable[[str], None]) -> Examined:
    """Record ``argv`` and run it twice again. ``said`` is told what happens now.

    Raises :class:`UsageError` when the program cannot be run or nothing of it was seen.
    """
    from replay.cassette import Reader

    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        path = Path(folder, "doctor.cassette")
        seed = str(secrets.randbelow(MAX_SEED))
        said("running the program, for real")
        recorded = _record(argv, path, seed)
        reader = Reader(str(path))
        again = []
        for number, each in enumerate((seed, _other(seed)), 1):
            said(f"running it again against the recorded answers ({number} of 2)")
            again.append(_again(reader, path, argv, each))
        return _examined(reader, recorded, again)


def _other(seed: str) -> str:
    return str((int(seed) + 1) % MAX_SEED)


def _record(argv: tuple[str, ...], path: Path, seed: str) -> Outcome:
    from replay.cli import entry, unwatched
    from replay.cli.launch import launch
    from replay.engine.plan import Plan

    plan = Plan("record", str(path), entry=entry.entry_of(argv), sources=True)
    outcome = launch(argv, plan, hash_seed=seed, streams={"stdout": 2})
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.result is None:
        raise unwatched.unseen(outcome)
    if not outcome.result.recorded:
        raise unwatched.empty(outcome, path)
    return outcome


@dataclass(frozen=True, slots=True)
class _Again:
    attempt: Attempt
    differences: tuple[Difference, ...]
    sources: Sources
    changed: tuple[str, ...]


def _again(reader: Reader, path: Path, argv: tuple[str, ...], seed: str) -> _Again:
    from replay.cassette.hash import event_hash
    from replay.cli.repeat import outputs
    from replay.cli.rerun import plan_of, rerun

    fork = path.with_suffix(f".{seed}.fork")
    # What it asks otherwise is answered all the same, for all else that differs to be seen too.
    plan = plan_of(str(path), save=str(fork), sources=True, policy="nearest")
    replayed = rerun(
        reader, plan, argv, dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL), hash_seed=seed
    )
    if replayed.outcome.interrupted:
        raise KeyboardInterrupt
    attempt = judged(replayed.verdict, replayed.outcome, Conditions(seed), str(path))
    if replayed.verdict is not None and fork.exists():
        expected = event_hash(reader.events, outputs(reader))
        attempt = compared(attempt, replayed, reader, (str(path), str(fork)), expected)
    result = replayed.outcome.result
    changed = tuple(result.changed_inputs) if result else ()
    asked = _asked_otherwise(result, reader, str(path)) if result else ()
    return _Again(attempt, asked or tuple(filter(None, [attempt.first])), replayed.outcome.sources, changed)


def _asked_otherwise(result: Result, reader: Reader, path: str) -> tuple[Difference, ...]:
    from replay.dialects.cassette import Cassette
    from replay.diff.explain import explain
    from replay.diff.first import MAX_CHANGES, Difference

    cassette = Cassette(path, reader)
    told = [(each.lineage, explain(each, cassette)) for each in result.divergences[:MOST]]
    return tuple(
        Difference(each.step, lineage, f"{each.asked} is asked otherwise", each.where, each.changes[:MAX_CHANGES])
        for lineage, each in told
    )


def _examined(reader: Reader, recorded: Outcome, again: list[_Again]) -> Examined:
    from replay.cli import unwatched

    found = {f"{each.where} {each.reads}": each for each in _findings(recorded, again)}
    problems = {each: None for run in again for each in _problems(run)}
    return Examined(
        len(reader.events),
        tuple(found.values()),
        tuple(source for source in recorded.sources.reads if source.served),
        tuple(problems),
        tuple(unwatched.missing(recorded)),
    )


def _findings(recorded: Outcome, again: list[_Again]) -> Iterator[Finding]:
    from replay.diff.unsteady import Seen, Steady, findings

    same_seed, other_seed = again
    steady = Steady(same_seed.differences, same_seed.sources)
    for run, beside in ((same_seed, None), (other_seed, steady)):
        for difference in run.differences:
            yield from findings(Seen(difference, recorded.sources, run.sources, run.changed, beside))


def _problems(run: _Again) -> Iterator[str]:
    """What no finding names."""
    attempt = run.attempt
    if attempt.code and not run.differences:
        yield f"{attempt.word}: {'; '.join(attempt.details) or attempt.counts}"
