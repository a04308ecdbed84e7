"""``replay repair``: what is whole of a damaged or cut cassette, sealed."""

from __future__ import annotations

import os

import click

from replay.cli import output
from replay.cli.command import verb
from replay.errors import CassetteError

DAMAGED = ".damaged"
MAX_TOLD = 10


@verb("repair", "Keep what is whole of a damaged or cut cassette.")
@click.argument("cassette")
@click.option("-o", "--out", metavar="FILE", help="Write there, and leave CASSETTE alone.")
def command(cassette: str, out: str | None) -> int:
    """\b
    Examples:
      replay repair killed.cassette                keeps the old file as killed.cassette.damaged
      replay repair killed.cassette -o whole.cassette

    Write a sealed cassette of all frames that are whole and make sense. What is lost is told, and noted in the new
    file. A run that was killed loses nothing by it: any command opens such a file as it is.
    """
    from replay.cassette.reader import Reader

    if not out and not _problems(Reader, cassette):
        output.note(f"replay: {cassette} is whole, and stays as it is")
        return 0
    target = out or cassette
    kept, lost = _repaired(cassette, target, in_place=not out)
    output.note(f"replay: repaired {target}: {kept}")
    output.note(*(f"replay: lost: {said}" for said in lost[:MAX_TOLD]))
    if len(lost) > MAX_TOLD:
        output.note(f"replay: lost: {len(lost) - MAX_TOLD} more; `replay show --json {target}` lists them as notes")
    return 0


def _problems(reader: type, cassette: str) -> bool:
    try:
        return bool(reader(cassette).verify())
    except CassetteError:
        return True


def _repaired(cassette: str, target: str, *, in_place: bool) -> tuple[str, list[str]]:
    from replay.cassette.repair import repair
    from replay.cli import replacing
    from replay.report.amounts import counted

    backup = cassette + DAMAGED
    replacing.free(backup if in_place else target)
    new = f"{cassette}.repaired-{os.getpid()}" if in_place else target
    try:
        result = repair(cassette, new)
        if in_place:
            os.rename(cassette, backup)
            os.rename(new, cassette)
    except OSError as error:
        raise replacing.cannot_write(target, error) from error
    return counted(result.events, "event"), result.lost
