"""``replay test``: a recording becomes a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from replay.cli import output
from replay.cli.command import verb
from replay.errors import UsageError

FOLDER = "cassettes"


@verb("test", "Write a pytest test from a recording.")
@click.argument("cassette")
@click.option("-o", "--out", metavar="FILE", help="The test file. Default: tests/test_<name of the cassette>.py.")
@click.option("--name", metavar="NAME", help="The name of the test function. Default: test_<name of the cassette>.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(cassette: str, out: str | None, name: str | None, force: bool) -> int:
    """\b
    Examples:
      replay test fix-42.cassette
      replay test cassettes/refund.cassette -o tests/test_refund.py --name test_refund_is_paid

    Write a readable test that runs the recorded script or module against CASSETTE, and expects of it what the
    recording shows: the tools called, the number of LLM calls, the cost, the output. Edit it at will. The cassette is
    copied among the others (cassettes/) unless it lies in a directory of this project. Run it with pytest.
    """
    from replay.dialects.cassette import open_cassette
    from replay.regression.trajectory import Trajectory
    from replay.regression.writing import source, test_name

    opened = open_cassette(cassette)
    test = name or test_name(opened.path.stem)
    if not test.isidentifier() or not test.startswith("test"):
        raise UsageError(f"{test} is no name of a test function", hint="--name test_refund")
    target = Path(out or f"tests/{test_name(opened.path.stem)}.py")
    if target.exists() and not force:
        raise UsageError(f"{target} is there already", hint="name another file with -o, or write over it with --force")
    mark, copy = _place(opened.path, target, test)
    text = source(opened, Trajectory(opened.path, opened.path, lambda value: None), mark, test)
    if copy is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(opened.path, copy)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    output.note(f"replay: wrote {target}" + (f" and {copy}" if copy else ""), f"hint: pytest {target}")
    return 0


def _place(cassette: Path, target: Path, test: str) -> tuple[str, Path | None]:
    """What the mark calls the cassette, and where it has to be copied to for that, if it has."""
    here, path = Path.cwd(), cassette.absolute()
    if path.is_relative_to(here) and "/" in (within := path.relative_to(here).as_posix()):
        return within, None
    copy = Path(FOLDER, target.stem, f"{test}.cassette")
    return copy.as_posix(), copy
