"""What a session came to, once all reports are in: the lines at its end, its gates, its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from replay.regression import summary
from replay.regression.gates import Gate, Passed, gates, load_baseline, save_baseline
from replay.regression.settings import Settings
from replay.regression.verdict import outcome


class Told:
    """``outcomes``: as data. ``passed``: of ``each=…`` tests, by test and case. ``files``: the ``folders`` of the
    modules that were collected whole, and the cassettes ``used`` by some test."""

    def __init__(
        self,
        settings: Settings,
        outcomes: Sequence[dict[str, Any]],
        passed: Passed,
        files: Mapping[str, Sequence[str]],
    ) -> None:
        self.settings = settings
        self.outcomes = [outcome(data) for data in outcomes]
        self.passed = passed
        folders, used = ([Path(path) for path in files.get(key, ())] for key in ("folders", "used"))
        self.unused = summary.unused_cassettes(folders, used)

    @cached_property
    def baseline(self) -> Passed:
        return load_baseline(self.settings.baseline)

    @cached_property
    def gates(self) -> list[Gate]:
        """Raises :class:`replay.errors.UsageError` when the baseline cannot be read."""
        found = self.settings
        needed = self.baseline if found.no_regression else {}
        return list(gates(self.passed, needed, min_pass=found.min_pass, no_regression=found.no_regression))

    @property
    def closed(self) -> bool:
        return any(gate.closed for gate in self.gates)

    def lines(self) -> Iterator[str]:
        """For the terminal."""
        text = summary.line(self.outcomes, self.unused)
        if text:
            yield text
            yield from summary.details(self.outcomes, self.unused, self.settings.project)
        for gate in self.gates:
            yield f"replay: {gate.said}"

    def write(self) -> None:
        """The files that were asked for: the HTML report, the baseline."""
        if self.settings.report is not None:
            from replay.regression.html import page

            self.settings.report.parent.mkdir(parents=True, exist_ok=True)
            title = summary.line(self.outcomes, self.unused)
            self.settings.report.write_text(page(title, self.outcomes, self.gates), encoding="utf-8")
        if self.settings.update and self.passed:
            save_baseline(self.settings.baseline, self.baseline, self.passed)
