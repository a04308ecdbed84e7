"""How far long work has come: on a terminal one line that changes, elsewhere a line now and then."""

from __future__ import annotations

import sys
from time import monotonic

import click

from replay.cli import output
from replay.report.neutral import neutral_line

QUIET = 1.0
"""Seconds that work may take before anything is said."""

BETWEEN = 10.0
"""Seconds between two lines where they stay."""


class Progress:
    """Of one piece of work, called ``what``. Says nothing about work that is done within a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = monotonic() + QUIET
        self._shown = ""

    def __call__(self, done: int, of: int) -> None:
        """``done`` of ``of`` parts are finished."""
        if sys.stderr.isatty():
            self._redraw(done, of)
        elif done < of and monotonic() >= self._next:
            output.note(f"replay: {self._what}: {done} of {of}")
            self._next = monotonic() + BETWEEN

    def _redraw(self, done: int, of: int) -> None:
        """The last call takes the line away, with spaces: control sequences are not wanted everywhere."""
        if not self._shown and (done == of or monotonic() < self._next):
            return
        line = neutral_line(f"replay: {self._what}: {done} of {of}") if done < of else ""
        click.echo(f"\r{line.ljust(len(self._shown))}" + ("" if line else "\r"), err=True, nl=False)
        self._shown = line
