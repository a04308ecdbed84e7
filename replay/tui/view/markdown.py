"""What is shown, as Markdown: the runs, why the row differs, and the pane as a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from replay.tui.view import because, header
from replay.tui.view.page import PageLine
from replay.tui.view.panes import Pages
from replay.tui.view.text import plain
from replay.tui.view.viewer import Viewer

WIDTH = 200
AROUND = 3
"""Equal lines that are kept around a difference."""


def markdown(viewer: Viewer, pages: Pages) -> str:
    """The document."""
    return "\n".join(_lines(viewer, pages)) + "\n"


def _lines(viewer: Viewer, pages: Pages) -> Iterator[str]:
    runs = viewer.runs
    names = " ⟷ ".join(f"`{run.path.name}`" for run in (runs.a, runs.b) if run)
    word, _ = header.verdict(runs)
    yield f"### {names}" + (f": {word}" if word else "")
    yield ""
    for line in because.why(viewer, WIDTH):
        yield f"> {_escaped(plain(line))}  "
    panes = pages.panes("unified")
    yield ""
    yield f"{_escaped(panes.titles[0])}, {viewer.tab}:"
    yield ""
    body = list(_body(panes.columns[0], bool(panes.hunks)))
    fence = "`" * max(3, 1 + max((_ticks(line) for line in body), default=0))
    yield f"{fence}{'diff' if panes.hunks else ''}"
    yield from body
    yield fence


def _body(lines: Sequence[PageLine], is_diff: bool) -> Iterator[str]:
    if not is_diff:
        yield from (line.text for line in lines)
        return
    changed = [at for at, line in enumerate(lines) if line.sign != " "]
    kept = {near for at in changed for near in range(at - AROUND, at + AROUND + 1)}
    left_out = False
    for at, line in enumerate(lines):
        if at in kept:
            yield f"{line.sign}{line.text}"
        elif not left_out:
            yield "…"
        left_out = at not in kept


def _ticks(line: str) -> int:
    """The longest run of backticks, which must not end the block."""
    return max(map(len, _runs(line)), default=0)


def _runs(line: str) -> Iterable[str]:
    return "".join(char if char == "`" else " " for char in line).split()


def _escaped(text: str) -> str:
    """Markup in ``text`` shown as it is (CommonMark, backslash escapes)."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|!" else char for char in text)
