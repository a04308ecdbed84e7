"""The parts of the screen as lines that are made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from replay.tui.view import timeline
from replay.tui.view.keys import KEYS, Key, named
from replay.tui.view.pages import TABS
from replay.tui.view.panes import Pages, Panes
from replay.tui.view.text import Line, Span, cells, width_of
from replay.tui.view.viewer import Viewer
from replay.tui.view.wrap import Layout

TAB_NAMES = {"response": "Response", "request": "Request", "messages": "Messages", "metrics": "Metrics", "raw": "Raw"}
PALETTE = "▏^p palette "


class Timeline:
    """The rows that the filter lets through."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def height(self, width: int, /) -> int:
        return len(self._viewer.visible)

    def line(self, y: int, width: int, /) -> Line:
        return timeline.line(self._viewer, y, width)


class Laid:
    """The columns of the panes, laid out once for each width."""

    def __init__(self, panes: Panes) -> None:
        self.panes = panes
        self._layout: tuple[int, Layout] | None = None

    def layout(self, width: int) -> Layout:
        """The lines laid out in ``width`` cells."""
        if self._layout is None or self._layout[0] != width:
            self._layout = (width, Layout(self.panes.columns, width))
        return self._layout[1]


@dataclass(frozen=True, slots=True)
class Side:
    """One column of ``laid``, as high as the other beside it."""

    laid: Laid
    column: int

    def height(self, width: int, /) -> int:
        return self.laid.layout(width).height

    def line(self, y: int, width: int, /) -> Line:
        return self.laid.layout(width).shown(y, self.column)


def tabs(viewer: Viewer, pages: Pages) -> Line:
    """``1 Response   2 Request ●``: the marked ones differ between the two runs."""
    return tuple([span for _, span in _tabs(viewer, pages)])


def tab_at(viewer: Viewer, pages: Pages, x: int) -> str:
    """The tab that is drawn at cell ``x``, or empty."""
    end = 0
    for name, span in _tabs(viewer, pages):
        end += cells(span.text)
        if x < end:
            return name
    return ""


def _tabs(viewer: Viewer, pages: Pages) -> Iterator[tuple[str, Span]]:
    differing = pages.differing()
    for at, tab in enumerate(TABS, 1):
        mark = " ●" if differing[tab] else ""
        role = "tab.here" if tab == viewer.tab else "changed" if mark else "tab"
        yield tab, Span(f" {at} {TAB_NAMES[tab]}{mark} ", role)


def footer(keys_of: Callable[[Key], tuple[str, ...]], width: int) -> Line:
    """The keys that are worth knowing, as many as there is room for; the palette's at the right edge."""
    spans: list[Span] = []
    for key in KEYS:
        if not key.label:
            continue
        more = (Span(f" {named(keys_of(key)[0])}", "key"), Span(f" {key.label}", "dim"))
        if width_of([*spans, *more]) + cells(PALETTE) > width:
            break
        spans += more
    gap = width - width_of(spans) - cells(PALETTE)
    return (*spans, Span(" " * gap), Span(PALETTE, "dim"))
