"""``o``: what is on the screen, as a file in the working directory."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from textual.app import App

from replay.errors import UsageError
from replay.report.neutral import neutral
from replay.tui.dialogs import Choice
from replay.tui.stage import Stage
from replay.tui.view import notes, regression
from replay.tui.view.markdown import markdown
from replay.tui.view.text import Line, Span, fitted

_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


def screen_svg(app: App[None]) -> str:
    """The screen as a picture that fetches nothing: the reader's own fixed-width font stands in."""
    return _ELSEWHERE.sub("", app.export_screenshot(title=app.title))


def screen_text(app: App[None]) -> str:
    """The screen as plain text, without spaces at the ends of lines."""
    console = Console(width=app.size.width, height=app.size.height, file=io.StringIO(), legacy_windows=False)
    with console.capture() as capture:
        console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return "\n".join([line.rstrip() for line in capture.get().split("\n")][: app.size.height]) + "\n"


def _test(app: Stage, path: Path) -> str:
    viewer = app.viewer
    return regression.test_source(viewer, os.path.relpath((viewer.runs.b or viewer.runs.a).path))


def _markdown(app: Stage) -> str:
    return markdown(app.viewer, app.pages)


def _golden(app: Stage, path: Path) -> str:
    viewer = app.viewer
    if viewer.notes.verdict is None and not viewer.notes.steps:
        raise UsageError("there is no verdict and no note to export", hint="M judges the run, m notes a step")
    return notes.golden(viewer.runs.b or viewer.runs.a, viewer.notes)


EXPORTS: dict[str, tuple[str, str, Callable[[Stage, Path], str]]] = {
    "SVG": ("{stem}.svg", "a picture of the screen", lambda app, path: screen_svg(app)),
    "text": ("{stem}.txt", "the screen as text", lambda app, path: screen_text(app)),
    "Markdown": ("{stem}.md", "this row, why it differs, and the pane", lambda app, path: _markdown(app)),
    "pytest": ("test_{slug}.py", "a test that runs this run again and holds this step", _test),
    "golden": ("{slug}.golden.jsonl", "verdict, corrected answer and notes, as a line of a golden set", _golden),
}  # fmt: skip
"""File name, what it is, and how it is made."""


def export(app: Stage) -> None:
    """Ask which, and write it."""
    lines: list[Line] = [(Span(fitted(name, 10), "key"), Span(what)) for name, (_, what, _) in EXPORTS.items()]

    def chosen(at: int | None) -> None:
        if at is not None:
            app.call_after_refresh(app.attempt, partial(write, app, list(EXPORTS)[at]))

    app.push_screen(Choice("Export", lines), chosen)


def write(app: Stage, name: str) -> None:
    """Write the export ``name`` to a file that is not there yet. Raises :class:`UsageError`."""
    pattern, _, make = EXPORTS[name]
    cassette = app.viewer.runs.b or app.viewer.runs.a
    path = _free(Path(pattern.format(stem=f"{cassette.path.stem}-{app.viewer.at + 1}", slug=regression.slug(cassette))))
    content = neutral(make(app, path))
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="start replay ui where you may write") from None
    app.viewer.said = f"written: {path}"


def _free(path: Path) -> Path:
    return next(each for each in _named(path) if not each.exists())


def _named(path: Path) -> list[Path]:
    base, dot, suffix = path.name.partition(".")
    return [path, *(path.with_name(f"{base}_{n}{dot}{suffix}") for n in range(2, 1000))]
