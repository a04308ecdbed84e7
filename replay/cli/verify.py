"""``replay verify``: is the file whole, and does the program still do what it records?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import output
from replay.cli.command import json_option, program, verb

if TYPE_CHECKING:
    from replay.cli.checked import Checked

SCHEMA = "replay.verify/1"


@verb("verify", "Check the files, run the programs again, expect no difference.", takes_program=True)
@click.argument("cassettes", nargs=-1, required=True)
@click.option("--times", type=click.IntRange(min=1), metavar="N", help="Run each program N times (default: once).")
@click.option("--shuffle", is_flag=True, help="Disturb each run: other thread switches, late starts and requests.")
@click.option("--seeds", metavar="S,…", help="PYTHONHASHSEED of the runs, in turn: 0,1,random (default: the recorded).")
@click.option("--junit", "junit_file", metavar="FILE", help="Write the verdicts as JUnit XML.")
@click.option("--signed-by", metavar="PLACE", help="Refuse files that the holder of this public key has not signed.")
@click.option("--no-run", is_flag=True, help="Check the files only.")
@json_option
def command(
    cassettes: tuple[str, ...],
    times: int | None,
    shuffle: bool,
    seeds: str | None,
    junit_file: str | None,
    signed_by: str | None,
    no_run: bool,
    as_json: bool,
) -> int:
    """\b
    Examples:
      replay verify cassettes/*.cassette --junit replay.xml
      replay verify refund.cassette --times 20 --shuffle --seeds 0,1,random

    Check that every frame of the file is whole, then run the recorded program (or CMD) against it, without its output,
    and compare the event hash of what it did with the recording's. The first event that differs is named.
    The exit code is the largest that `replay play` would give. A signature says that its key's holder saw these bytes.
    """
    from replay.cassette.keys import public_key
    from replay.cli.checked import check
    from replay.cli.whole import check_file

    signer = public_key(signed_by) if signed_by else None
    options = {"times": times, "shuffle": shuffle, "seeds": _listed(seeds), "command": program() or ()}
    checked = []
    for path in cassettes:
        found = check_file(path, signer) if no_run or signer else None
        checked.append(found if found is not None and (no_run or found.code) else check(path, options))
        if not as_json:
            _tell(checked[-1])
    if as_json:
        output.json(SCHEMA, {"verdicts": [each.to_dict() for each in checked]})
    if junit_file:
        _write_junit(checked, junit_file)
    return max(each.code for each in checked)


def _listed(seeds: str | None) -> list[str]:
    return seeds.split(",") if seeds is not None else []


def _tell(checked: Checked) -> None:
    mark = "=" if checked.code == 0 else "≠"
    output.data(f"{mark} {checked.path}  {checked.summary}")
    output.note(*(f"  {line}" for line in checked.told), *(f"  | {line}" for line in checked.said))
    if checked.hint:
        output.note(f"hint: {checked.hint}")


def _write_junit(checked: list[Checked], path: str) -> None:
    from replay.report.junit import junit

    Path(path).write_bytes(junit("replay verify", [case for each in checked for case in each.cases()]))
