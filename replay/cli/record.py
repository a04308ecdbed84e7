"""``replay record``: run a program unchanged, and keep what crossed its boundary."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import options, output
from replay.cli.command import program, verb
from replay.errors import ReplayError, UsageError

if TYPE_CHECKING:
    from replay.cli.launch import Outcome

EMPTY = 2


@verb("record", "Run a program unchanged; keep what crossed its boundary.", takes_program=True)
@click.option("-o", "--out", metavar="FILE", help="The cassette to write. Default: ./<script>-<time>.cassette.")
@options.TAG
@click.option("--ignore-host", "ignored", multiple=True, metavar="H", help="Telemetry: make the calls, keep none.")
@click.option("--match-header", "matched", multiple=True, metavar="NAME", help="A header that is to match on replay.")
@options.ENCRYPT
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="")
def command(
    out: str | None,
    tags: tuple[str, ...],
    ignored: tuple[str, ...],
    matched: tuple[str, ...],
    encrypt: bool,
    words: tuple[str, ...],
) -> int:
    """\b
    Examples:
      replay record -- python agent.py "refund order 7"
      replay record -o refund.cassette --tag case=refund -- uv run agent.py

    Run a program unchanged, with its own exit code, and write what crossed its boundary into a cassette: calls to
    models and other services, marked tools, clock, dice, child processes. Secrets are replaced before they are written.
    """
    from replay.canon.rules import rules_of
    from replay.cli import entry
    from replay.cli.launch import launch
    from replay.engine.plan import Plan

    argv = (*words, *(program() or ()))
    if not argv:
        raise UsageError("which program shall be recorded?", hint="replay record -- python agent.py")
    path = Path(out).absolute() if out else _free(entry.script_name(argv))
    plan = Plan(
        "record",
        str(path),
        tags=dict(tag(text) for text in tags),
        ignore_hosts=ignored,
        encrypt=encrypt,
        rules=rules_of(None, None, match=matched).to_data(),
        entry=entry.entry_of(argv),
    )
    return report(launch(argv, plan, hash_seed=_hash_seed()), path)


def tag(text: str) -> tuple[str, str]:
    """Name and value of ``--tag``. Raises :class:`UsageError`."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"the tag {text} is not of the form name=value", hint="--tag case=refund")
    return name, value


def _hash_seed() -> str:
    """The user's own PYTHONHASHSEED, else one that is thrown here, so that the recording knows it."""
    own = os.environ.get("PYTHONHASHSEED", "random")
    return own if own != "random" else str(secrets.randbelow(2**32))


def _free(name: str) -> Path:
    """A new file name in the working directory."""
    from time import strftime

    stem = f"{name}-{strftime('%Y%m%d-%H%M%S')}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next(path for name in names if not (path := Path.cwd() / f"{name}.cassette").exists())


def report(outcome: Outcome, path: Path) -> int:
    """Say what was recorded into ``path``; returns the exit code."""
    from replay.cli import unwatched
    from replay.report.amounts import counted

    result = outcome.result
    if result is None:
        return unwatched.no_session(outcome)
    missed = unwatched.children(outcome)
    if not result.recorded:
        output.error(unwatched.empty(outcome, path))
        return outcome.code or EMPTY
    output.note(f"replay: recorded {_summary(path)}")
    for host, calls in result.ignored.items():
        output.note(f"replay: ignored {counted(calls, 'telemetry call')} to {host}")
    for place in sorted(set(result.unwatched)):
        output.note(f"replay: not seen by any tap: a connection to {place}")
    for gap in result.gaps[:3]:
        output.note(f"replay: not kept: {gap}")
    if len(result.gaps) > 3:
        output.note(f"replay: not kept: {len(result.gaps) - 3} more")
    if result.unsettled:
        parts = counted(result.unsettled, "part of an answer", "parts of answers")
        output.note(f"replay: the order is not certain: {parts} handed over while a thread of the program was busy")
    if ended := len(result.lineages) - result.finished:
        output.note(f"replay: {counted(ended, 'process', 'processes')} did not reach the end")
    return outcome.code or missed


def _summary(path: Path) -> str:
    from replay.dialects.cassette import open_cassette
    from replay.report import text
    from replay.report.amounts import counted, volume

    try:
        cassette = open_cassette(path)
        steps = cassette.steps
        events = f"{counted(len(cassette.events), 'event')} ({text.kinds(steps)})"
        facts = [events, text.tokens_and_cost(cassette), volume(path.stat().st_size), _shown(path)]
        return ", ".join(fact for fact in facts if fact) + (f"; {cassette.cut}" if cassette.cut else "")
    except ReplayError as error:
        return f"{_shown(path)}, which cannot be read: {error.message}"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
