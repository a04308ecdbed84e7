"""``replay play``: run the recorded program again, answered from the cassette."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import output
from replay.cli.command import program, verb
from replay.errors import DivergenceError, PolicyError, UsageError

if TYPE_CHECKING:
    from replay.cassette import Reader
    from replay.cli.rerun import Replayed
    from replay.cli.verdict import Verdict

INTERRUPTED = 130
MAX_DIFFERENCES = 10


@verb("play", "Run it again, answered from the cassette.", takes_program=True)
@click.argument("cassette", required=False)
@click.option(
    "--on-divergence",
    type=click.Choice(["raise", "live"]),
    default="raise",
    show_default=True,
    help="At a request that the cassette does not hold: end the program, or make the request for real.",
)
@click.option("-o", "--save", metavar="FORK", help="Write what this run did into a cassette of its own.")
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="H", help="Reach this host for real, as no part of the run."
)
@click.option("--ignore-host", "ignored", multiple=True, metavar="H", help="Telemetry: not sent, and not compared.")
@click.option(
    "--exit-code",
    type=click.Choice(["replay", "program"]),
    default="replay",
    show_default=True,
    help="Of an identical replay: 0, or the program's own.",
)
def command(
    cassette: str | None,
    on_divergence: str,
    save: str | None,
    allowed: tuple[str, ...],
    ignored: tuple[str, ...],
    exit_code: str,
) -> int:
    """\b
    Examples:
      replay play
      replay play refund.cassette --on-divergence live -o fork.cassette -- python agent.py

    Run a recorded program again: same answers, no network, no key, no cost. CASSETTE is by default the newest in
    . and ./cassettes, CMD the recorded command line (so give CMD for a cassette from somebody you do not trust).

    Exit codes: 0 identical, 1 a difference, 3 the cassette is cut short, 4 the program asked something else than
    recorded, 5 refused.
    """
    from replay.cassette import Reader
    from replay.cli.newest import newest
    from replay.cli.rerun import plan_of, rerun

    path = cassette or newest()
    reader = Reader(path)
    argv = program() or _recorded(reader, path)
    plan = plan_of(
        path,
        policy=on_divergence,
        save=_fork(save, path),
        allow_hosts=allowed,
        ignore_hosts=ignored,
    )
    return _report(rerun(reader, plan, argv), reader, path, exit_code)


def _recorded(reader: Reader, path: str) -> tuple[str, ...]:
    from replay.cli.entry import command_of

    argv, remark = command_of(reader.header.entry, path)
    # A cassette is data that somebody sent, and this is the one thing in it that gets executed: it is said first.
    output.note(f"replay: {path} runs: {shlex.join(reader.header.entry.argv)}")
    if remark:
        output.note(f"replay: {remark}")
    return argv


def _fork(save: str | None, path: str) -> str:
    if not save:
        return ""
    if Path(save).exists() and Path(save).samefile(path):
        raise UsageError("a replay does not overwrite the cassette it plays", hint="name another file with -o")
    return str(Path(save).absolute())


def _report(replayed: Replayed, reader: Reader, path: str, exit_code: str) -> int:
    from replay.cli import unwatched

    outcome, verdict = replayed.outcome, replayed.verdict
    if verdict is None:
        return INTERRUPTED if outcome.interrupted else unwatched.no_session(outcome)
    if verdict.code == 0 and unwatched.missing(outcome):
        verdict = replace(verdict, word="not whole")
    tell(verdict, reader, path)
    unwatched.unguarded(outcome)
    missed = unwatched.children(outcome)
    if outcome.interrupted:
        return INTERRUPTED
    if verdict.code == 0 and exit_code == "program":
        return outcome.code or missed
    return verdict.code or missed


def tell(verdict: Verdict, reader: Reader, path: str) -> None:
    """The verdict on stderr: the summary line, and what explains it."""
    from replay.report import text

    shown = verdict.differences[:MAX_DIFFERENCES]
    for difference in shown:
        output.note(f"replay: {difference}")
    if more := len(verdict.differences) - len(shown):
        output.note(f"replay: and {more} more differences")
    if verdict.changed:
        output.note(f"replay: {verdict.changed}")
    output.note(f"replay: {verdict.word}: {verdict.counts}" + (f"; {reader.cut}" if reader.cut else ""))
    if verdict.word == "diverged" and verdict.explanation:
        happened, *details = text.divergence(verdict.explanation, Path(path).name)
        output.error(DivergenceError(happened, hint=verdict.explanation.hint), details)
    elif verdict.word == "refused":
        host = verdict.refused.partition(" ")[0].rpartition(":")[0]
        hint = f"if it is no part of the run, let it through with --allow-host {host}"
        output.error(
            PolicyError(f"a replay reaches nothing outside the cassette; refused: {verdict.refused}", hint=hint)
        )
