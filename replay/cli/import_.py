"""``replay import``: recordings of other tools as cassettes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from replay.cli import output
from replay.cli.command import json_option, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replay.interop.batch import Outcome

SCHEMA = "replay.import/1"
PARTLY = 1
MOST = 12
"""Kinds of replaced values that are named."""


@verb("import", "Make cassettes of vcrpy and HAR files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR...")
@click.option("-o", "--out", metavar="FILE|DIR", help="The cassette, or the directory for several; else beside each.")
@click.option("--from", "format", type=click.Choice(["vcr", "har"]), help="The format. Default: what it looks like.")
@click.option("--verbatim", is_flag=True, help="Redact nothing: for recordings that are public anyway.")
@click.option("--force", is_flag=True, help="Replace cassettes that are there already.")
@json_option
def command(
    files: tuple[str, ...], out: str | None, format: str | None, verbatim: bool, force: bool, as_json: bool
) -> int:
    """\b
    Examples:
      replay import tests/cassettes/test_refund.yaml -o refund.cassette
      replay import tests/cassettes -o cassettes

    Make a cassette of each recording that another tool made: YAML and JSON of vcrpy, pytest-recording, betamax, VCR and
    go-vcr, and HAR files; directories with all that is in them. It is redacted as a recording is, and can be played,
    shown and compared like one. What cannot be imported is listed with its reason; then it exits with 1, and with 3 if
    a file that was named is no recording.
    """
    import os
    from pathlib import Path

    from replay.cli.progress import Progress
    from replay.engine.redaction import project_rules
    from replay.interop import batch

    outcomes = list(
        batch.run(
            batch.jobs(files, out),
            format=format or "",
            environ=os.environ,
            rules=project_rules(Path.cwd()),
            verbatim=verbatim,
            replace=force,
            progress=Progress("importing"),
        )
    )
    if as_json:
        output.json(SCHEMA, {"files": [_row(outcome) for outcome in outcomes]})
    else:
        for outcome in outcomes:
            _tell(outcome)
    _summarise(outcomes)
    return _exit_code(outcomes)


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed and (len(failed) == len(outcomes) or any(outcome.job.named for outcome in failed)):
        error = next((each.error for each in failed if each.job.named), failed[0].error)
        return error.exit_code if error is not None else 0
    return PARTLY if failed or any(each.kept and each.kept.unimported for each in outcomes) else 0


def _row(outcome: Outcome) -> dict[str, Any]:
    kept = outcome.kept
    return {
        "from": str(outcome.job.source),
        "to": str(outcome.job.target) if kept else None,
        "format": kept.format if kept else None,
        "events": kept.events if kept else 0,
        "unimported": [{"record": left.place + 1, "reason": left.reason} for left in (kept.unimported if kept else ())],
        "redacted": dict(kept.redacted) if kept else {},
        "error": outcome.error.message if outcome.error else None,
    }


def _tell(outcome: Outcome) -> None:
    from replay.report.amounts import counted

    kept, job = outcome.kept, outcome.job
    if kept is None:
        output.data(f"{job.source}: not imported: {outcome.error.message if outcome.error else ''}")
        return
    output.data(f"{job.source} -> {job.target}  {counted(kept.events, 'event')}")
    places: dict[str, list[int]] = {}
    for left in kept.unimported:
        places.setdefault(left.reason, []).append(left.place + 1)
    for reason, numbers in places.items():
        what = f"record {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} records from {numbers[0]} on"
        output.data(f"  not imported: {what}: {reason}")


def _summarise(outcomes: Sequence[Outcome]) -> None:
    from collections import Counter

    from replay.report.amounts import counted

    done = [outcome.kept for outcome in outcomes if outcome.kept is not None]
    left = sum(len(kept.unimported) for kept in done)
    events = sum(kept.events for kept in done)
    output.note(
        f"replay: imported {len(done)} of {counted(len(outcomes), 'file')}, {counted(events, 'event')}"
        + (f"; {counted(left, 'record')} kept as a note alone, which no replay serves" if left else "")
    )
    redacted = sum((Counter(kept.redacted) for kept in done), Counter[str]())
    if redacted:
        named = [f"{name} ({count})" for name, count in redacted.most_common(MOST)]
        more = [f"and {counted(len(redacted) - MOST, 'other kind')}"] if len(redacted) > MOST else []
        output.note(f"replay: redacted {counted(redacted.total(), 'value')}: {', '.join([*named, *more])}")
