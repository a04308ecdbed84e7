"""What ``replay verify`` found out about one cassette, as its faces (text, JSON, JUnit) tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from replay.cli.progress import Progress
from replay.cli.repeat import Attempt, verify
from replay.errors import ReplayError

if TYPE_CHECKING:
    from replay.report.junit import Case


@dataclass(frozen=True, slots=True)
class Checked:
    """One cassette: ``word`` as in :class:`replay.cli.verdict.Verdict`, or ``damaged`` or ``error``. ``attempts``: the
    runs of its program; ``said``: the last lines that the program wrote on stderr, when all was not well. ``details``,
    ``hint`` and ``said`` are of the first run that failed."""

    path: str
    code: int
    word: str
    seconds: float
    counts: str = ""
    details: tuple[str, ...] = ()
    hint: str = ""
    said: tuple[str, ...] = ()
    event_hash: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def summary(self) -> str:
        """``identical: 3 served, 0 live``, or ``diverged in 2 of 20 runs: …``."""
        return f"{self.word}{self._share()}" + (f": {self.counts}" if self.counts else "")

    def _share(self) -> str:
        if len(self.attempts) < 2:
            return ""
        failed = sum(attempt.code != 0 for attempt in self.attempts)
        return f" in {failed or len(self.attempts)} of {len(self.attempts)} runs"

    @property
    def told(self) -> tuple[str, ...]:
        """What explains the verdict, line by line."""
        at = next((at for at, attempt in enumerate(self.attempts) if attempt.code), None)
        return (
            (*self.details, *_explained(self.attempts[at], at, len(self.attempts))) if at is not None else self.details
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "cassette": self.path,
            "code": self.code,
            "verdict": self.word,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "details": self.details,
            "hint": self.hint,
            "event_hash": self.event_hash,
            "runs": [attempt.to_dict() for attempt in self.attempts],
        }

    def cases(self) -> Iterator[Case]:
        """One for each run; one in all when there was none, or just one."""
        if len(self.attempts) < 2:
            yield _case(self.path, self.word, self.code, self.seconds, self.told)
            return
        for at, attempt in enumerate(self.attempts):
            name = f"{self.path} [run {at + 1}]"
            told = (*attempt.details, *_explained(attempt, at, len(self.attempts)))
            yield _case(name, attempt.word, attempt.code, attempt.seconds, told)


def check(path: str, options: Mapping[str, Any]) -> Checked:
    """Verify ``path`` with the ``options`` of :func:`replay.cli.repeat.verify`; an error is a verdict too."""
    began = monotonic()
    try:
        found = verify(path, **options, after_each=Progress(path))
    except ReplayError as error:
        return Checked(path, error.exit_code, "error", monotonic() - began, details=(error.message,), hint=error.hint)
    seconds = monotonic() - began
    if found.problems:
        hint = f"replay show {path} lists what is whole"
        return Checked(path, found.code, "damaged", seconds, details=found.problems, hint=hint)
    shown = next(iter(found.failed), found.attempts[0])
    return Checked(
        path,
        found.code,
        shown.word,
        seconds,
        shown.counts,
        shown.details,
        shown.hint,
        shown.said,
        found.event_hash,
        found.attempts,
    )


def _explained(attempt: Attempt, at: int, of: int) -> Iterator[str]:
    """Where the attempt first differed, and under which conditions it ran."""
    from replay.report import text

    if attempt.first is not None:
        yield from text.difference(attempt.first)
    under = str(attempt.conditions)
    if of > 1:
        yield f"in run {at + 1} of {of}" + (f" ({under})" if under else "")


def _case(name: str, word: str, code: int, seconds: float, told: tuple[str, ...]) -> Case:
    from replay.report.junit import Case

    text = "\n".join(told) or word
    return Case(name, seconds, failure=text if code and word != "error" else "", error=text if word == "error" else "")
