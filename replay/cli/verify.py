"""``replay verify``: is the file whole, and does the program still do what it records?"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import click

from replay.cli import output
from replay.cli.command import json_option, program, verb
from replay.errors import CassetteError, ReplayError

SCHEMA = "replay.verify/1"
NO_VERDICT = 2
TOLD_LINES = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """One cassette: ``word`` as in :class:`replay.cli.verdict.Verdict`, or ``damaged`` or ``error``. ``said``: the
    last lines that the program wrote on stderr, when all was not well."""

    path: str
    code: int
    word: str
    seconds: float
    counts: str = ""
    details: tuple[str, ...] = ()
    hint: str = ""
    said: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "cassette": self.path,
            "code": self.code,
            "verdict": self.word,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "details": self.details,
            "hint": self.hint,
        }


@verb("verify", "Check the files, run the programs again, expect no difference.", takes_program=True)
@click.argument("cassettes", nargs=-1, required=True)
@click.option("--junit", "junit_file", metavar="FILE", help="Write the verdicts as JUnit XML.")
@json_option
def command(cassettes: tuple[str, ...], junit_file: str | None, as_json: bool) -> int:
    """\b
    Examples:
      replay verify cassettes/refund.cassette
      replay verify cassettes/*.cassette --junit replay.xml

    Check that every frame of the file is whole, then run the recorded program (or CMD) against it, without its output.
    The exit code is the largest that `replay play` would give.
    """
    argv = program()
    checked = []
    for path in cassettes:
        checked.append(_check(path, argv))
        if not as_json:
            _tell(checked[-1])
    if as_json:
        output.json(SCHEMA, {"verdicts": [each.to_dict() for each in checked]})
    if junit_file:
        _write_junit(checked, junit_file)
    return max(each.code for each in checked)


def _check(path: str, argv: tuple[str, ...] | None) -> Checked:
    began = monotonic()
    try:
        return _checked(path, argv, began)
    except ReplayError as error:
        return Checked(path, error.exit_code, "error", monotonic() - began, details=(error.message,), hint=error.hint)


def _checked(path: str, argv: tuple[str, ...] | None, began: float) -> Checked:
    from replay.cassette import Reader
    from replay.cli import unwatched
    from replay.cli.entry import command_of
    from replay.cli.rerun import plan_of, rerun

    reader = Reader(path)
    if problems := reader.verify():
        hint = f"replay show {path} lists what is whole"
        return Checked(
            path, CassetteError.exit_code, "damaged", monotonic() - began, details=tuple(problems), hint=hint
        )
    with tempfile.TemporaryFile() as errors:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": errors}
        replayed = rerun(reader, plan_of(path), argv or command_of(reader.header.entry, path)[0], streams)
        errors.seek(0)
        said = tuple(errors.read().decode("utf-8", "replace").splitlines()[-TOLD_LINES:])
    verdict, seconds = replayed.verdict, monotonic() - began
    if verdict is None:
        return Checked(path, NO_VERDICT, "error", seconds, details=("the recorder never started",), said=said)
    if missed := unwatched.missing(replayed.outcome):
        return Checked(path, NO_VERDICT, "error", seconds, verdict.counts, tuple(missed), said=said)
    refused = (f"refused: {verdict.refused}",) if verdict.refused else ()
    details, hint = (*verdict.differences, *refused), ""
    if verdict.explanation:
        from replay.report import text

        details, hint = text.divergence(verdict.explanation, Path(path).name), verdict.explanation.hint
    return Checked(
        path, verdict.code, verdict.word, seconds, verdict.counts, details, hint, said if verdict.code else ()
    )


def _tell(checked: Checked) -> None:
    mark = "=" if checked.code == 0 else "≠"
    output.data(f"{mark} {checked.path}  {checked.word}" + (f": {checked.counts}" if checked.counts else ""))
    output.note(*(f"  {line}" for line in checked.details), *(f"  | {line}" for line in checked.said))
    if checked.hint:
        output.note(f"hint: {checked.hint}")


def _write_junit(checked: list[Checked], path: str) -> None:
    from replay.report.junit import Case, junit

    cases = [
        Case(
            each.path,
            each.seconds,
            failure="\n".join(each.details) or each.word if each.code and each.word != "error" else "",
            error="\n".join(each.details) if each.word == "error" else "",
        )
        for each in checked
    ]
    Path(path).write_bytes(junit("replay verify", cases))
