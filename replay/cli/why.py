"""``replay why``: where a text comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from replay.cli import output
from replay.cli.command import json_option, verb

if TYPE_CHECKING:
    from replay.tui.view.provenance import Found

SCHEMA = "replay.why/1"
NOWHERE = 1


@verb("why", "Where a text comes from: the first step that has it.")
@click.argument("cassette")
@click.argument("text")
@json_option
def command(cassette: str, text: str, as_json: bool) -> int:
    """\b
    Examples:
      replay why refund.cassette "order 7"
      replay why refund.cassette 4711 --json

    List every field of every step in which TEXT appears, the first of them first: exact, escaped as JSON does it, or
    in another case and with other spaces. Exits 1 when it appears nowhere.
    """
    from replay.dialects.cassette import open_cassette
    from replay.tui.view.provenance import appearances

    opened = open_cassette(cassette)
    found = list(appearances(opened.steps, text))
    if as_json:
        output.json(SCHEMA, {"text": text, "found": [_data(each) for each in found]})
    else:
        for line in _lines(found):
            output.data(line)
    if not found:
        output.note(f"replay: {text!r} appears in none of the {len(opened.steps)} steps of {opened.path.name}")
    return 0 if found else NOWHERE


def _data(found: Found) -> dict[str, object]:
    return {
        "step": found.step.number,
        "kind": found.step.kind,
        "name": found.step.name,
        "side": found.side,
        "path": found.path,
        "how": found.how,
        "shown": found.shown,
    }


def _lines(found: list[Found]) -> list[str]:
    from replay.report.amounts import table
    from replay.report.neutral import neutral_line

    rows = [(str(each.step.number), each.step.kind, each.step.name, each.path, each.how, each.shown) for each in found]
    return table([tuple([neutral_line(cell, 80) for cell in row]) for row in rows], frozenset({0}))
