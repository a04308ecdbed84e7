"""How far long work has come: on a terminal one line that changes, elsewhere a line now and then."""

from __future__ import annotations

import sys
from time import monotonic

import click

from replay.cli import output

QUIET = 1.0
"""Seconds that work may take before anything is said."""

BETWEEN = 10.0
"""Seconds between two lines where they stay."""

_CLEAR = "\r\x1b[K"


class Progress:
    """Of one piece of work, called ``what``. Says nothing about work that is done within a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = monotonic() + QUIET
        self._shown = False

    def __call__(self, done: int, of: int) -> None:
        """``done`` of ``of`` parts are finished."""
        if sys.stderr.isatty():
            self._redraw(done, of)
        elif done < of and monotonic() >= self._next:
            output.note(f"replay: {self._what}: {done} of {of}")
            self._next = monotonic() + BETWEEN

    def _redraw(self, done: int, of: int) -> None:
        if self._shown or (done < of and monotonic() >= self._next):
            self._shown = done < of
            click.echo(f"{_CLEAR}replay: {self._what}: {done} of {of}" if self._shown else _CLEAR, err=True, nl=False)
