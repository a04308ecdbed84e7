"""``replay diff``: how two runs differ, and why."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import output
from replay.cli.command import json_option, verb
from replay.cli.progress import Progress
from replay.errors import UsageError

if TYPE_CHECKING:
    from replay.diff.model import Diff, Row

DIFFERENT = 1
CUT = 3
_COLORS = {"≠": "yellow", "+": "green", "-": "red"}


@verb("diff", "How two runs differ, step by step, and why.")
@click.argument("a")
@click.argument("b")
@click.option("--html", "html_file", metavar="FILE", help="Write a page that opens from disk, without script.")
@click.option("--md", "as_markdown", is_flag=True, help="Markdown, for a pull request.")
@click.option("--junit", "junit_file", metavar="FILE", help="Write the rows as JUnit XML.")
@click.option(
    "--only", multiple=True, metavar="WHAT", help="Compare only these steps or fields: llm, name:GLOB, FIELD."
)
@click.option("--ignore", multiple=True, metavar="WHAT", help="Leave these steps or fields out.")
@click.option("--exact", is_flag=True, help="Ids and times, which are another in every run, count too.")
@click.option("--step", metavar="N", help="One row in full: 14 or b:14 is B's step, a:9 one of A.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit code tells.")
@json_option
def command(
    a: str,
    b: str,
    html_file: str | None,
    as_markdown: bool,
    junit_file: str | None,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    exact: bool,
    step: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """\b
    Examples:
      replay diff refund.cassette fork.cassette
      replay diff old.cassette new.cassette --ignore temperature --html diff.html

    Align the steps of two runs, any two, and show what changed in each, with the cause. Marks: = equal, ≈ equal but for
    ids and times, ≠ changed, + only in B, - only in A. WHAT is a kind of step (llm, tool, http, process, span), name:,
    model: or branch: with a pattern, or a field (response.tool_calls, request.messages[*].content, temperature).

    Exit codes: 0 identical, 1 a difference, 3 no difference but a cassette is cut short.
    """
    from replay.diff.compare import diff

    found = diff(a, b, only=_listed(only), ignore=_listed(ignore), exact=exact, progress=Progress("comparing rows"))
    row = _row(found, step) if step is not None else None
    _write_files(found, html_file, junit_file)
    if not quiet:
        _print(found, row, as_json, as_markdown, bool(html_file or junit_file))
    if not found.identical:
        return DIFFERENT
    return CUT if found.a.cut or found.b.cut else 0


def _listed(words: tuple[str, ...]) -> list[str]:
    return [word for each in words for word in each.split(",") if word]


def _row(diff: Diff, step: str) -> Row:
    run, colon, number = step.rpartition(":")
    if run not in ("a", "b", "") or bool(colon) != bool(run) or not number.isdecimal():
        raise UsageError(f"{step!r} is no step", hint="write 14 or b:14 for a step of B, a:9 for one of A")
    row = diff.row(int(number), "a" if run == "a" else "b")
    if row is None:
        cassette = diff.a if run == "a" else diff.b
        hint = f"its steps are 1 to {len(cassette.steps)}"
        raise UsageError(f"there is no step {number} to compare in {cassette.path.name}", hint=hint)
    return row


def _write_files(diff: Diff, html_file: str | None, junit_file: str | None) -> None:
    if html_file:
        from replay.report.diff_html import page

        _write(html_file, page(diff).encode())
    if junit_file:
        from replay.report.diff_junit import cases
        from replay.report.junit import junit

        _write(junit_file, junit("replay diff", cases(diff)))


def _write(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from None


def _print(diff: Diff, row: Row | None, as_json: bool, as_markdown: bool, written: bool) -> None:
    for note in diff.notes:
        output.note(f"replay: {note}")
    if as_json:
        from replay.diff.document import SCHEMA, row_document

        output.json(SCHEMA, {"row": row_document(row)} if row else diff.to_dict())
    elif as_markdown:
        from replay.report.diff_markdown import markdown

        output.data(markdown(diff))
    else:
        _print_text(diff, row)
        if row is None and diff.first and not written:
            names = shlex.join([str(diff.a.path), str(diff.b.path)])
            step = f"{'' if diff.first.b else 'a:'}{diff.first.step.number}"
            output.note(f"hint: replay diff {names} --step {step}")


def _print_text(diff: Diff, row: Row | None) -> None:
    from replay.report.diff_text import in_full, overview

    for line in in_full(diff, row) if row else overview(diff):
        color = _COLORS.get(line[1:2]) if line.startswith(" ") else None
        click.echo(click.style(line, fg=color) if color else line)
