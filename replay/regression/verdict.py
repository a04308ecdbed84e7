"""What a test's replay came to: the differences that count, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from replay.engine.result import Result
from replay.report.amounts import counted

Word = Literal[
    "matched", "diverged", "refused", "different", "departed", "recorded", "updated", "missing", "silent", "stopped"
]
"""``matched``: as recorded. ``different``: all was served, but not as recorded. ``departed``: on purpose. ``missing``:
there is no cassette. ``silent``: a recording of a test that asked nothing. ``stopped``: the test failed by itself."""

FAILING: tuple[Word, ...] = ("diverged", "refused", "different", "missing")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one cassette in one test; plain data, for it travels between processes.

    * ``title`` and ``lines``: what the failure section says, or empty; ``step``: the one to look at, or 0.
    * ``told``: differences that were tolerated, in words.
    * ``played``: the file that the test was served from; ``last``: the file with what this run did, if it was left.
    * ``test`` and ``case``: of an ``each=…`` test, its function and its cassette.
    """

    node: str
    cassette: str
    word: Word
    title: str = ""
    lines: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    step: int = 0
    served: int = 0
    live: int = 0
    played: str = ""
    last: str = ""
    test: str = ""
    case: str = ""

    @property
    def headline(self) -> str:
        """One line: what, and why as far as it is known."""
        causes = (line.removeprefix(" cause: ") for line in self.lines if line.startswith(" cause: "))
        return f"replay: {self.title}: {next(causes, self.lines[0].strip())}"

    @property
    def text(self) -> str:
        """All there is to say."""
        return "\n".join((f"replay: {self.title}", *self.lines))

    @property
    def fails(self) -> bool:
        return self.word in FAILING

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for :func:`outcome`."""
        return asdict(self)


def outcome(data: dict[str, Any]) -> Outcome:
    """The inverse of :meth:`Outcome.to_dict`, also after a journey as JSON."""
    return Outcome(**{**data, "lines": tuple(data["lines"]), "told": tuple(data["told"])})


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way in which a replay was not as recorded. ``name``: of :data:`replay.regression.settings.FLAWS`."""

    name: str
    said: str


_FLAWS: dict[str, Callable[[Result], str]] = {
    "unused": lambda result: _count(len(result.unused), "recorded event", " never asked for"),
    "reordered": lambda result: _count(result.reordered, "part", " handed over in another order than recorded"),
    "shortened": lambda result: _count(len(result.shortened), "answer", " read otherwise than recorded"),
    "output": lambda result: "the kept output changed" if result.output == "changed" else "",
    "moved": lambda result: _count(result.moved, "request", " made by another task than recorded"),
    "volatile": lambda result: _count(result.volatile, "request", " equal only but for ids and times"),
    "other": lambda result: "; ".join(_other(result)),
}


def flaws(result: Result) -> list[Flaw]:
    """How a replay under the policy ``raise`` that did not diverge was not as recorded."""
    return [Flaw(name, said) for name, say in _FLAWS.items() if (said := say(result))]


def _count(count: int, noun: str, said: str) -> str:
    return f"{counted(count, noun)}{said}" if count else ""


def _other(result: Result) -> list[str]:
    """``gaps`` are not among them: the file in which this run is written is not what is judged."""
    found = [*result.differences]
    if result.live:
        found.append(f"{counted(result.live, 'request')} went live")
    return found
