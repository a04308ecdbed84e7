"""``replay ls``: the cassettes below a directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from replay.cli import output
from replay.cli.command import json_option, verb
from replay.errors import CassetteError

SCHEMA = "replay.ls/1"


@verb("ls", "The cassettes below a directory.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--sort", type=click.Choice(["name", "cost", "time", "size"]), default="name", help="Largest or newest first."
)
@click.option("--tree", "as_tree", is_flag=True, help="Each fork below its parent, with its swaps.")
@json_option
def command(folder: str, sort: str, as_tree: bool, as_json: bool) -> int:
    """\b
    Examples:
      replay ls
      replay ls tests --sort cost

    List the cassettes below DIR with what they hold; hidden directories are left out, but for the forks in .replay that
    --tree shows too.
    """
    from replay.cli import family
    from replay.cli.newest import below

    paths = [*below(folder), *(below(str(Path(folder, ".replay"))) if as_tree else ())]
    rows = [_row(path) for path in paths]
    if sort != "name":
        key = {"time": "created", "cost": "cost", "size": "size"}[sort]
        rows.sort(key=lambda row: -1 if row[key] is None else row[key], reverse=True)
    if as_tree:
        rows = family.arranged(rows)
    if as_json:
        output.json(SCHEMA, {"cassettes": rows})
    elif rows:
        _print(rows)
    else:
        output.note(f"replay: no cassette below {folder}", "hint: replay record -- python agent.py")
    return 0


def _row(path: Path) -> dict[str, Any]:
    """One cassette: ``created`` in ns since the epoch, ``duration`` in ns, ``size`` in bytes, ``cost`` in USD."""
    from replay.dialects.cassette import open_cassette
    from replay.diff.metrics import length

    row: dict[str, Any] = {"path": str(path), "size": path.stat().st_size, "error": None}
    try:
        cassette = open_cassette(path)
        row |= {
            "created": cassette.header.created,
            "steps": len(cassette.steps),
            "tokens": cassette.usage.input + cassette.usage.output,
            "cost": cassette.cost,
            "duration": length(cassette),
            "cut": cassette.cut,
            "tags": cassette.header.tags,
            "parent": cassette.header.parent or None,
            "swaps": list(cassette.header.swaps),
        }
    except CassetteError as error:
        row |= dict.fromkeys(("created", "steps", "tokens", "cost", "duration", "cut", "tags", "parent"))
        row["swaps"] = []
        row["error"] = error.message
    return row


def _print(rows: list[dict[str, Any]]) -> None:
    from replay.report.amounts import table
    from replay.report.neutral import neutral_line

    heading = ("cassette", "recorded", "steps", "took", "tokens", "cost", "size", "")
    lines = [heading, *(tuple(neutral_line(cell) for cell in _cells(row)) for row in rows)]
    for line in table(lines, frozenset({2, 3, 4, 5, 6})):
        output.data(line)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from replay.report.amounts import elapsed, money, scaled, volume

    if row["error"]:
        return (row["path"], "", "", "", "", "", volume(row["size"]), row["error"])
    when = datetime.fromtimestamp(row["created"] / 1e9, tz=UTC).astimezone()
    return (
        f"{'  ' * row.get('depth', 0)}{row['path']}",
        when.strftime("%Y-%m-%d %H:%M"),
        str(row["steps"]),
        elapsed(row["duration"]),
        *((scaled(row["tokens"]), money(row["cost"])) if row["tokens"] else ("", "")),
        volume(row["size"]),
        ", ".join([*(["cut short"] if row["cut"] else []), *row.get("made_by", ())]),
    )
