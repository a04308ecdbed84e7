"""The one widget that draws: a window on lines that are made when they are looked at, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from replay.tui.theme import Looks
from replay.tui.view.text import Line, steady_line


class Lines(Protocol):
    """Anything that can be shown: so many lines at a width, each made when asked."""

    def height(self, width: int, /) -> int: ...
    def line(self, y: int, width: int, /) -> Line: ...


@dataclass(frozen=True, slots=True)
class Some:
    """Lines that are there already."""

    lines: tuple[Line, ...] = ()

    def height(self, width: int, /) -> int:
        return len(self.lines)

    def line(self, y: int, width: int, /) -> Line:
        return self.lines[y] if y < len(self.lines) else ()


class LinesView(ScrollView, can_focus=False):
    """Draws ``lines``; scrolls without animation."""

    class Clicked(Message):
        """A click on line ``y``, cell ``x``."""

        def __init__(self, view: LinesView, x: int, y: int) -> None:
            super().__init__()
            self.view, self.x, self.y = view, x, y

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.lines: Lines = Some()
        self._looks = Looks()

    def show(self, lines: Lines, *, title: str = "", subtitle: str = "") -> None:
        """Draw ``lines`` from now on. Whatever they hold, nothing of it steers the terminal."""
        self.border_title = Content(steady_line(title))
        self.border_subtitle = Content(steady_line(subtitle))
        if lines != self.lines:
            self.lines = lines
            self.measure()

    def measure(self) -> None:
        """Ask again how many lines there are."""
        width = self.inner_width
        self.virtual_size = Size(width, self.lines.height(width) if width else 0)
        self.refresh()

    @property
    def inner_width(self) -> int:
        """Cells for a line."""
        return self.scrollable_content_region.width

    def bring(self, y: int, *, margin: int = 2) -> None:
        """Scroll as little as needed for line ``y`` to be seen, with ``margin`` lines around it."""
        top, height = round(self.scroll_y), self.scrollable_content_region.height
        margin = min(margin, max(0, (height - 1) // 2))
        if y - margin < top:
            self.put(y - margin)
        elif y + margin >= top + height:
            self.put(y + margin + 1 - height)

    def put(self, y: int) -> None:
        """Scroll so that line ``y`` is at the top."""
        self.scroll_to(y=max(0, y), animate=False, immediate=True, force=True)

    def on_resize(self, event: events.Resize) -> None:
        self.measure()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            self.post_message(self.Clicked(self, place.x, place.y + round(self.scroll_y)))

    def render_line(self, y: int) -> Strip:
        width = self.inner_width
        looks = self._looks.of(self.app.current_theme)
        line = self.lines.line(y + round(self.scroll_y), width)
        segments = [Segment(steady_line(span.text), looks[span.role]) for span in line if span.text]
        base = self.rich_style
        return Strip(segments).adjust_cell_length(width, base).crop(0, width).apply_style(base)
