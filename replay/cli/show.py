"""``replay show``: the steps of a cassette, or one of them in full."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replay.cli import output
from replay.cli.command import json_option, verb
from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from replay.dialects.cassette import Cassette
    from replay.dialects.steps import Step

CUT = 3
SCHEMA = "replay.show/1"


@verb("show", "The steps of a cassette, or one in full.")
@click.argument("cassette")
@click.argument("step", required=False, type=int)
@click.option("--part", type=click.Choice(["request", "response", "usage"]), help="Only this part of the step.")
@click.option("--stable", is_flag=True, help="As text that equal recordings share, for git; always exits 0.")
@json_option
def command(cassette: str, step: int | None, part: str | None, stable: bool, as_json: bool) -> int:
    """\b
    Examples:
      replay show refund.cassette
      replay show refund.cassette 3 --part response

    List the steps of a cassette, or show one: messages, tool calls and answer of a call to a model, else bodies.
    A cassette that was cut short shows all whole steps, and exits 3.
    """
    from replay.dialects.cassette import open_cassette

    if stable:
        return _stable(cassette)
    opened = open_cassette(cassette)
    if step is not None:
        _one(opened, step, part or "", as_json)
    elif part:
        raise UsageError("--part needs the number of a step", hint=f"replay show {cassette} 1 --part {part}")
    else:
        _all(opened, as_json)
    if opened.cut:
        output.note(f"replay: {opened.path.name}: {opened.cut}")
    return CUT if opened.cut else 0


def _stable(path: str) -> int:
    """A failure would end ``git diff``, so what cannot be read is said in the text."""
    from replay.dialects.cassette import open_cassette
    from replay.report.stable import stable

    try:
        for line in stable(open_cassette(path)):
            output.data(line)
    except CassetteError as error:
        output.data(f"not readable: {error.message}")
    return 0


def _one(cassette: Cassette, number: int, part: str, as_json: bool) -> None:
    from replay.report import steps

    found = _find(cassette, number)
    cost = _cost(cassette, found)
    if as_json:
        whole = {**steps.whole(found), "cost": cost}
        output.json(SCHEMA, {"step": {**steps.to_dict(found), part: whole[part]} if part else whole})
        return
    for line in steps.details(found, part):
        output.data(line)
    if cost is not None and part in ("", "usage"):
        output.data(f"cost: ${cost:.6f}")


def _cost(cassette: Cassette, step: Step) -> float | None:
    """USD at list price; None when it is not known, or the step is no call to a model."""
    from replay.dialects import price

    return price.cost([step], cassette.header.created) if step.kind == "llm" else None


def _find(cassette: Cassette, number: int) -> Step:
    last = len(cassette.steps)
    if not 1 <= number <= last:
        held = f"it has the steps 1 to {last}" if last else "it has no steps"
        raise UsageError(
            f"there is no step {number} in {cassette.path.name}: {held}", hint=f"replay show {cassette.path}"
        )
    return cassette.steps[number - 1]


def _all(cassette: Cassette, as_json: bool) -> None:
    from replay.report import steps

    if as_json:
        output.json(SCHEMA, {**_run(cassette), "steps": [steps.to_dict(step) for step in cassette.steps]})
        return
    for line in (*_heading(cassette), *_written(cassette)):
        output.data(line)
    for line in steps.listing(cassette.steps):
        output.data(line)


def _run(cassette: Cassette) -> dict[str, Any]:
    return {
        "cassette": str(cassette.path),
        "header": asdict(cassette.header),
        "cut": cassette.cut,
        "cost": cassette.cost,
        "usage": asdict(cassette.usage),
        "output": cassette.output,
        "notes": [asdict(note) for note in cassette.notes],
    }


def _written(cassette: Cassette) -> list[str]:
    """The verdict and the notes that a person wrote in the terminal UI."""
    from replay.report.neutral import neutral_line
    from replay.tui.view import notes

    try:
        written = notes.load(cassette.path)
    except UsageError as error:  # the cassette itself can be shown
        output.note(f"replay: {error.message}")
        return []
    verdict = written.verdict
    judged = [f"verdict: {verdict.word} {verdict.why}".rstrip()] if verdict else []
    noted = [f"note on step {number}: {written.steps[number]}" for number in sorted(written.steps)]
    return [neutral_line(line) for line in (*judged, *noted)]


def _heading(cassette: Cassette) -> list[str]:
    from replay.report import text
    from replay.report.amounts import counted, volume
    from replay.report.neutral import neutral_line

    facts = (
        cassette.path.name,
        counted(len(cassette.steps), "step"),
        text.tokens_and_cost(cassette),
        text.duration(cassette),
        volume(Path(cassette.path).stat().st_size),
        " ".join(f"{name}={value}" for name, value in cassette.header.tags.items()),
    )
    heading = [", ".join(fact for fact in facts if fact), " ".join(cassette.header.entry.argv)]
    return [neutral_line(line) for line in heading if line]
