"""What a test's run has done so far, as the fixture ``cassette`` shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.dialects.cassette import Cassette, open_cassette
from replay.dialects.model import Usage
from replay.dialects.steps import Step
from replay.regression import programs
from replay.taps.boundary import inside

if TYPE_CHECKING:
    from replay.regression.expect import Expect

JUDGE = "judge"
"""The span that the calls of a judge lie in: they are in the cassette, and no part of what is judged."""


class Trajectory:
    """This run, while it goes on and afterwards: what was served, and what ran live.

    ``path``: where it is written. ``recorded``: the cassette it is served from, None while recording.
    """

    def __init__(self, path: Path, recorded: Path | None, keep: Callable[[Any], None]) -> None:
        self.path = path
        self._recorded = recorded
        self._keep = keep
        self._seen: tuple[int, Cassette] | None = None

    def now(self) -> Cassette:
        """This run up to now."""
        size = self.path.stat().st_size
        if self._seen is None or self._seen[0] != size:
            with inside():
                self._seen = (size, open_cassette(self.path))
        return self._seen[1]

    @cached_property
    def recorded(self) -> Cassette | None:
        """The run that this one is served from."""
        with inside():
            return open_cassette(self._recorded) if self._recorded is not None else None

    def run_script(self, path: str, *arguments: str) -> int:
        """Run ``python PATH ARGUMENTS`` in this process; its exit code."""
        return programs.run_script(path, *arguments)

    def run_module(self, name: str, *arguments: str) -> int:
        """Run ``python -m NAME ARGUMENTS`` in this process; its exit code."""
        return programs.run_module(name, *arguments)

    def keep(self, value: Any) -> None:
        """Keep ``value`` (JSON-like data) as the run's output; a replay compares it with the recorded one."""
        self._keep(value)

    @property
    def steps(self) -> list[Step]:
        """Its steps, without those of a judge."""
        with inside():
            return list(_but_judges(self.now().steps))

    @property
    def tools(self) -> list[str]:
        """The names of the tool steps, in order."""
        return [step.name for step in self.steps if step.kind == "tool"]

    @property
    def llm_calls(self) -> list[Step]:
        return [step for step in self.steps if step.kind == "llm"]

    @property
    def usage(self) -> Usage:
        """The tokens of all LLM calls; a call whose answer told none counts none."""
        return sum([step.usage for step in self.steps if step.usage], Usage())

    @property
    def cost(self) -> float | None:
        """USD at list price, or None when a model's price is unknown."""
        from replay.dialects import price

        with inside():
            return price.cost(self.steps, self.now().header.created)

    @property
    def output(self) -> Any:
        """What the test kept (:meth:`keep`), else the words of the last LLM answer, else None."""
        with inside():
            kept = self.now().output
        if kept is not None:
            return kept
        return next((step.value for step in reversed(self.llm_calls) if step.value), None)

    @property
    def expect(self) -> Expect:
        """Assertions that read like sentences."""
        from replay.regression.expect import Expect

        return Expect(self)

    def __repr__(self) -> str:
        return f"<Trajectory {self.path.name}: {len(self.steps)} steps>"


def _but_judges(steps: list[Step]) -> list[Step]:
    left_out: set[int] = set()
    kept = []
    for step in steps:
        if step.parent in left_out or (step.kind == "span" and step.name == JUDGE):
            left_out.add(step.number)
        else:
            kept.append(step)
    return kept
