"""What the verbs print: data on stdout, everything said to a person on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from json import dumps
from typing import Any

import click

from replay.errors import ReplayError
from replay.report.neutral import neutral, neutral_line

_STYLES = {"replay: error:": {"fg": "red", "bold": True}, "hint:": {"fg": "cyan"}, "replay:": {"bold": True}}
"""How a line is coloured, by how it starts. The words alone carry the meaning."""


def choose_color(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """``--color``; ``auto``: what NO_COLOR and FORCE_COLOR say (no-color.org, force-color.org), else a terminal's."""
    if value != "auto":
        ctx.color = value == "always"
    elif os.environ.get("NO_COLOR"):
        ctx.color = False
    elif os.environ.get("FORCE_COLOR"):
        ctx.color = True
    return value


def data(text: str) -> None:
    """Print ``text`` on stdout, control sequences neutralised."""
    click.echo(neutral(text))


def json(schema: str, content: dict[str, Any]) -> None:
    """Print ``content`` on stdout as JSON under the name and version ``schema``. ASCII, so nothing in it can steer."""
    click.echo(dumps({"schema": schema, **content}, indent=2))


def note(*lines: str) -> None:
    """Say ``lines`` on stderr."""
    for line in lines:
        # A program may have left the cursor within a line, but whether it did cannot be known: nothing is added.
        click.echo(_styled(neutral_line(line)), err=True)


def error(problem: ReplayError | click.ClickException, details: Iterable[str] = ()) -> None:
    """Say what went wrong in at most four lines, of which the last is the next thing to do."""
    hint = getattr(problem, "hint", "")
    lines = [f"replay: error: {problem.message}", *[f"  {line}" for line in details]][:3]
    note(*lines, *([f"hint: {hint}"] if hint else []))


def quiet() -> None:
    """Stop printing: who read our output has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(null, stream.fileno())


def _styled(line: str) -> str:
    for start, style in _STYLES.items():
        if line.startswith(start):
            return click.style(start, **style) + line[len(start) :]  # type: ignore[arg-type]
    return line
