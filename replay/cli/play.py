"""``replay play``: run the recorded program again, answered from the cassette."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import options, output
from replay.cli.command import json_option, program, verb
from replay.errors import DivergenceError, PolicyError, UsageError

if TYPE_CHECKING:
    from replay.cassette import Reader
    from replay.cli.proxied import Way
    from replay.cli.rerun import Replayed
    from replay.cli.verdict import Verdict

SCHEMA = "replay.forecast/1"
INTERRUPTED = 130
MAX_DIFFERENCES = 10


@verb("play", "Run it again, answered from the cassette.", takes_program=True)
@click.argument("cassette", required=False)
@options.SWAP
@options.ON_DIVERGENCE
@options.BUDGET
@click.option(
    "--allow-effect", "effects", multiple=True, metavar="TOOL", help='Let this tool with effect="write" run for real.'
)
@click.option(
    "--dry-run", is_flag=True, help="Run nothing: say what would be served, what would run live, and its cost."
)
@options.DIFF
@options.SAVE
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="H", help="Reach this host for real, as no part of the run."
)
@click.option("--ignore-host", "ignored", multiple=True, metavar="H", help="Telemetry: not sent, and not compared.")
@options.EXIT_CODE
@json_option
def command(
    cassette: str | None,
    swaps: tuple[str, ...],
    on_divergence: str,
    budget: str,
    effects: tuple[str, ...],
    dry_run: bool,
    show_diff: bool,
    save: str | None,
    allowed: tuple[str, ...],
    ignored: tuple[str, ...],
    exit_code: str,
    as_json: bool,
) -> int:
    """\b
    Examples:
      replay play
      replay play refund.cassette --swap model=gpt-5-mini --on-divergence live -o fork.cassette --diff

    Run a recorded program again: same answers, no network, no key, no cost. CASSETTE is by default the newest in
    . and ./cassettes, CMD the recorded command line (so give CMD for a cassette from somebody you do not trust).

    With --swap one thing is replaced and everything it does not touch is still served: model=[PROVIDER:]NAME[@URL],
    prompt:WHICH=TEXT (system, user[0], /pattern/), insert:ROLE=TEXT, drop:WHICH, param:NAME=JSON, tooldef:[+]NAME=JSON,
    tool:NAME=JSON, pkg.mod:function or URL, http:"GET URL*"=BODY or URL, response:STEP=ANSWER. @FILE as the value means
    its contents; KIND:NAME@WHERE= limits it to steps (@3, @3-), @model:NAME, @tool:NAME, @span:NAME.

    Exit codes: 0 identical, or done as steered, 1 a difference, 3 the cassette is cut short, 4 the program asked
    something else than recorded, 5 refused, or the budget is used up.
    """
    from replay.cassette import Reader
    from replay.cli import steering
    from replay.cli.newest import newest

    if as_json and not dry_run and options.is_typed("as_json"):
        raise UsageError("--json goes with --dry-run", hint="replay diff CASSETTE FORK --json tells what a run changed")
    path = cassette or newest()
    if dry_run:
        steering.check_policy(on_divergence)
        steering.check_budget(budget)
        steering.print_forecast(steering.read_swaps(Reader(path), swaps), SCHEMA, as_json=as_json)
        return 0
    return played(
        path,
        program(),
        swaps=swaps,
        on_divergence=on_divergence,
        budget=budget,
        show_diff=show_diff,
        save=save,
        ignored=ignored,
        exit_code=exit_code,
        effects=effects,
        allowed=allowed,
    )


def played(
    path: str,
    given: tuple[str, ...] | None,
    *,
    swaps: tuple[str, ...],
    on_divergence: str,
    budget: str,
    show_diff: bool,
    save: str | None,
    ignored: tuple[str, ...],
    exit_code: str,
    effects: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    way: Way | None = None,
) -> int:
    """Replay the cassette at ``path`` as the options of the verb say; returns the exit code.

    ``given``: the command line, else the recorded one. ``way``: through the proxy, which serves until Ctrl-C when no
    command line is given.
    """
    from replay.cassette import Reader
    from replay.cli import steering
    from replay.cli.entry import entry_of
    from replay.cli.rerun import plan_of, rerun

    steering.check_policy(on_divergence)
    steering.check_budget(budget)
    reader = Reader(path)
    swapped = steering.read_swaps(reader, swaps)
    argv = given or (() if way else _recorded(reader, path))
    plan = plan_of(
        path,
        policy=on_divergence,
        swaps=steering.given_texts(swapped),
        budget=budget,
        allow_effects=effects,
        save=_fork(save, path, swaps, on_divergence, show_diff),
        allow_hosts=allowed,
        ignore_hosts=ignored,
        entry=entry_of(given) if given else reader.header.entry,
    )
    if swaps and on_divergence not in ("raise", "nearest"):  # these ask nobody
        steering.tell_forecast(swapped)
    replayed = rerun(reader, plan, argv, way=way)
    if plan.save and not save and Path(plan.save).exists():
        output.note(f"replay: the fork is {os.path.relpath(plan.save)}")
    code = _report(replayed, reader, path, exit_code)
    return _diff(path, plan.save) if show_diff and code in (0, 1) else code


def _recorded(reader: Reader, path: str) -> tuple[str, ...]:
    from replay.cli.entry import command_of

    argv, remark = command_of(reader.header.entry, path)
    # A cassette is data that somebody sent, and this is the one thing in it that gets executed: it is said first.
    output.note(f"replay: {path} runs: {shlex.join(reader.header.entry.argv)}")
    if remark:
        output.note(f"replay: {remark}")
    return argv


def _fork(save: str | None, path: str, swaps: tuple[str, ...], policy: str, show_diff: bool) -> str:
    """Where what this run does goes: what may cost money, or is to be compared, is kept in any case."""
    from replay.cli.steering import default_fork

    if not save:
        keeps = swaps or show_diff or policy != "raise"
        return str(Path(default_fork(path)).absolute()) if keeps else ""
    if Path(save).exists() and Path(save).samefile(path):
        raise UsageError("a replay does not overwrite the cassette it plays", hint="name another file with -o")
    return str(Path(save).absolute())


def _diff(path: str, fork: str) -> int:
    from replay.diff.compare import diff
    from replay.report.diff_text import overview

    found = diff(path, fork)
    for line in overview(found):
        output.data(line)
    return 0 if found.identical else 1


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
    if verdict.halted is not None:
        message, hint = verdict.halted
        output.error(PolicyError(message, hint=hint))
    elif verdict.word == "diverged" and verdict.explanation:
        happened, *details = text.divergence(verdict.explanation, Path(path).name)
        output.error(DivergenceError(happened, hint=verdict.explanation.hint), details)
    elif verdict.word == "refused":
        host = verdict.refused.partition(" ")[0].rpartition(":")[0]
        hint = f"if it is no part of the run, let it through with --allow-host {host}"
        output.error(
            PolicyError(f"a replay reaches nothing outside the cassette; refused: {verdict.refused}", hint=hint)
        )
