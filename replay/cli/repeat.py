"""Running a cassette's program again, several times and under other conditions, and comparing what it did."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from replay.cassette import Reader
    from replay.cli.launch import Outcome
    from replay.cli.rerun import Replayed
    from replay.cli.verdict import Verdict
    from replay.diff.first import Difference

NO_VERDICT = 2
MAX_SAID = 10
MAX_SEED = 2**32 - 1
"""PYTHONHASHSEED is ``random`` or a number up to this (CPython's command line and environment)."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """``hash_seed``: PYTHONHASHSEED, empty for what the environment says; ``weather``: see
    :mod:`replay.engine.weather`, 0 for calm."""

    hash_seed: str = ""
    weather: int = 0

    def __str__(self) -> str:
        from replay.engine.weather import weather

        seed = f"PYTHONHASHSEED {self.hash_seed}" if self.hash_seed else ""
        return ", ".join(filter(None, [seed, str(weather(self.weather) or "")]))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the program.

    ``word`` and ``code`` as in :class:`replay.cli.verdict.Verdict`, or ``error``. ``event_hash``: of what it did, empty
    when that was not kept. ``first``: the first thing in which it differed from the recording. ``said``: the last lines
    that the program wrote on stderr, when all was not well.
    """

    conditions: Conditions
    code: int
    word: str
    seconds: float = 0.0
    counts: str = ""
    details: tuple[str, ...] = ()
    hint: str = ""
    said: tuple[str, ...] = ()
    event_hash: str = ""
    first: Difference | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "hash_seed": self.conditions.hash_seed,
            "weather": self.conditions.weather,
            "code": self.code,
            "verdict": self.word,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "details": self.details,
            "hint": self.hint,
            "event_hash": self.event_hash,
            "first_difference": self.first.to_dict() if self.first else None,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What :func:`verify` found. ``event_hash``: of the recording. ``problems``: what is wrong with the file, one line
    each; a damaged file is not run, so then there are no ``attempts``."""

    path: str
    event_hash: str = ""
    problems: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def identical(self) -> bool:
        """The file is whole, and every attempt did what it records."""
        return self.code == 0

    @property
    def code(self) -> int:
        """The largest of the exit codes that ``replay play`` would give."""
        return CassetteError.exit_code if self.problems else max(attempt.code for attempt in self.attempts)

    @property
    def failed(self) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self.attempts if attempt.code)


def verify(
    path: str | os.PathLike[str],
    *,
    times: int | None = None,
    shuffle: bool = False,
    seeds: Sequence[str | int] = (),
    command: Sequence[str] = (),
    after_each: Callable[[int, int], None] | None = None,
) -> Verification:
    """Check the file, then run its program ``times`` times, each in a process of its own, and compare event hashes.

    ``seeds``: values of PYTHONHASHSEED, used in turn (``random`` is one); else the recorded one. ``times``: by default
    once for each of them. With ``shuffle`` run number n has the weather n: threads switch at other moments, and their
    starts and requests are late by a little. ``command`` stands in for the recorded command line. ``after_each`` is
    told how many runs are done, and of how many.

    Raises :class:`replay.errors.UsageError` when the program cannot be run, and :class:`replay.errors.CassetteError`
    when the file cannot be read.
    """
    from replay.cassette import Reader
    from replay.cassette.hash import event_hash
    from replay.cli.entry import command_of

    name = os.fspath(path)
    reader = Reader(name)
    if problems := reader.verify():
        return Verification(name, problems=tuple(problems))
    planned = conditions(reader.header.hash_seed, times, shuffle, seeds)
    argv = tuple(command) or command_of(reader.header.entry, name)[0]
    expected = event_hash(reader.events, outputs(reader))
    attempts = []
    for each in planned:
        attempts.append(_attempt(reader, name, argv, each, expected))
        if after_each is not None:
            after_each(len(attempts), len(planned))
    return Verification(name, expected, attempts=tuple(attempts))


def conditions(recorded: str, times: int | None, shuffle: bool, seeds: Sequence[str | int]) -> list[Conditions]:
    """Those of each run. Raises :class:`UsageError` for what is no seed, and for seeds that would not come up."""
    given = [_seed(seed) for seed in seeds] or [recorded if recorded.isdigit() else ""]
    count = len(given) if times is None else times
    if count < 1:
        raise UsageError(f"{count} runs verify nothing", hint="--times 1 runs the program once")
    if count < len(given):
        raise UsageError(
            f"{count} runs are too few for {len(given)} seeds", hint=f"--times {len(given)}, or leave it out"
        )
    return [Conditions(given[at % len(given)], at + 1 if shuffle else 0) for at in range(count)]


def _seed(value: str | int) -> str:
    text = str(value).strip()
    if text == "random" or (text.isascii() and text.isdigit() and int(text) <= MAX_SEED):
        return text
    raise UsageError(f"{text!r} is no hash seed", hint=f"PYTHONHASHSEED is random, or a number from 0 to {MAX_SEED}")


def _attempt(reader: Reader, path: str, argv: tuple[str, ...], under: Conditions, expected: str) -> Attempt:
    from replay.cli.rerun import plan_of, rerun

    began = monotonic()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryDirectory(prefix="replay-") as folder:
        fork = str(Path(folder, "fork.cassette"))
        plan = plan_of(path, save=fork, weather=under.weather)
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": errors}
        replayed = rerun(reader, plan, argv, streams, hash_seed=under.hash_seed)
        if replayed.outcome.interrupted:
            raise KeyboardInterrupt
        attempt = judged(replayed.verdict, replayed.outcome, under, path)
        if replayed.verdict is not None and Path(fork).exists():
            attempt = compared(attempt, replayed, reader, (path, fork), expected)
        errors.seek(0)
        said = tuple(errors.read().decode("utf-8", "replace").splitlines()[-MAX_SAID:])
    return replace(attempt, seconds=monotonic() - began, said=said if attempt.code else ())


def judged(verdict: Verdict | None, outcome: Outcome, under: Conditions, path: str) -> Attempt:
    """What came of one run, by its verdict alone."""
    from replay.cli import unwatched
    from replay.report import text

    if verdict is None:
        return Attempt(under, NO_VERDICT, "error", details=("the recorder never started",))
    if missed := unwatched.missing(outcome):
        return Attempt(under, NO_VERDICT, "error", counts=verdict.counts, details=tuple(missed))
    refused = (f"refused: {verdict.refused}",) if verdict.refused else ()
    details, hint = (*verdict.differences, *refused), ""
    if verdict.explanation:
        details, hint = text.divergence(verdict.explanation, Path(path).name), verdict.explanation.hint
    return Attempt(under, verdict.code, verdict.word, counts=verdict.counts, details=details, hint=hint)


def compared(attempt: Attempt, replayed: Replayed, reader: Reader, paths: tuple[str, str], expected: str) -> Attempt:
    """``attempt``, with the hash of what it did, and with the first difference named. ``paths``: the recording, and
    what the attempt wrote."""
    from replay.cassette import Reader
    from replay.cassette.hash import event_hash
    from replay.cli.verdict import DIFFERENT, IDENTICAL
    from replay.dialects.cassette import Cassette
    from replay.diff.first import MAX_CHANGES, Difference, first_difference

    path, fork = paths
    kept = Reader(fork)
    attempt = replace(attempt, event_hash=event_hash(kept.events, outputs(kept)))
    told = replayed.verdict.explanation if replayed.verdict else None
    if told is not None and replayed.outcome.result is not None:
        lineage = replayed.outcome.result.divergences[0].lineage
        said = f"{told.asked} {'is asked otherwise' if told.changes else 'was not recorded'}"
        first = Difference(told.step, lineage, said, told.where, told.changes[:MAX_CHANGES])
        return replace(attempt, first=first)
    if attempt.event_hash == expected or attempt.code not in (IDENTICAL, DIFFERENT):
        return attempt
    found = first_difference(Cassette(path, reader), Cassette(fork, kept))
    if found is None:
        return replace(attempt, details=(*attempt.details, "only its spans are others than the recorded ones"))
    return replace(attempt, code=DIFFERENT, word="different", first=found)


def outputs(reader: Reader) -> list[Any]:
    """The results that the program gave, in their order."""
    return [note.data for note in reader.notes if note.kind == "output"]
