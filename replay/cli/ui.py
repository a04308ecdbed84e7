"""``replay ui``: step through a run, or two side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli.command import verb
from replay.errors import UsageError

if TYPE_CHECKING:
    from replay.tui.app import ReplayApp


@verb("ui", "Step through a run, or two side by side.")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--step", type=int, help="Open at this step (of B, when there are two).")
@click.option("--ignore", multiple=True, metavar="FIELD", help="A field that is not compared.")
@click.option("--follow", is_flag=True, help="Show new steps while the run is still being recorded.")
@click.option("--web", is_flag=True, help="In a browser, at an address of this machine alone.")
@click.option("--port", type=int, default=0, metavar="N", help="With --web: the port; by default any.")
def command(
    a: str | None, b: str | None, step: int | None, ignore: tuple[str, ...], follow: bool, web: bool, port: int
) -> int:
    """\b
    Examples:
      replay ui
      replay ui refund.cassette fork.cassette --step 14

    Look at the newest run, at run A, or at A and B beside each other, opened where they first differ. Press ? for the
    keys; they are remapped in [tool.replay.keys] of pyproject.toml. Nothing is ever written to a cassette.
    """
    from replay.cli.newest import newest

    path = a or newest()
    if follow and b:
        raise UsageError("--follow looks at one run", hint=f"replay ui {path} --follow")
    if web:
        return _serve([path, *([b] if b else [])], step, ignore, follow, port)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and "TEXTUAL_DRIVER" not in os.environ:
        raise UsageError("this is no terminal", hint=f"replay show {path}, or replay ui {path} --web")
    run(_app(path, b, step, ignore, follow))
    return 0


def run(app: ReplayApp) -> None:
    """Run ``app`` to its end; what broke in it is raised here, once the terminal is itself again."""
    app.run()
    if app.crash is not None:
        raise app.crash


def _app(path: str, b: str | None, step: int | None, ignore: tuple[str, ...], follow: bool) -> ReplayApp:
    from replay.cli import settings
    from replay.tui.app import ReplayApp
    from replay.tui.loading import loaded
    from replay.tui.view.keys import remapped

    table = settings.load(Path.cwd()).table.get("keys", {})
    if not isinstance(table, dict):
        raise UsageError("tool.replay.keys is no table", hint='[tool.replay.keys] with lines such as next = "j,down"')
    return ReplayApp(loaded(path, b, ignore), remapped(table), step=step, follow=Path(path) if follow else None)


def _serve(paths: list[str], step: int | None, ignore: tuple[str, ...], follow: bool, port: int) -> int:
    from replay.cli import output
    from replay.tui.web import serve

    words = ["ui", *paths, *(["--step", str(step)] if step else []), *(["--follow"] if follow else [])]
    serve([*words, *(word for field in ignore for word in ("--ignore", field))], port, output.data)
    return 0
