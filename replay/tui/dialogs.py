"""What is asked of the person: a line of text, a choice, a yes. Each is a screen over the others; escape leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from replay.tui.lines import LinesView, Some
from replay.tui.view.text import Line, Span, plain

DIALOG = 110
"""Cells that a dialog is wide at most, as in ``app.tcss``."""


class Prompt(ModalScreen[str | None]):
    """One line of text, at the bottom of the screen. Gives None when it was left."""

    BINDINGS: ClassVar = [Binding("escape", "leave", "leave")]

    def __init__(self, label: str, value: str = "") -> None:
        super().__init__()
        self._label = label
        self._field = Input(value, id="prompt-input", compact=True, select_on_focus=False)
        self._is_fresh = True

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield LinesView("prompt-label")
            yield self._field

    def on_mount(self) -> None:
        self.query_one(LinesView).show(Some(((Span(f" {self._label}", "key"),),)))
        self._field.focus()
        if self._is_fresh:
            self._field.select_all()

    def on_key(self, event: events.Key) -> None:
        """What is typed before the field has the focus is not lost, and takes the place of what it held."""
        if self._field.has_focus:
            return
        if event.key == "enter":
            self.dismiss(self._field.value)
        elif event.is_printable and event.character:
            self._field.value = ("" if self._is_fresh else self._field.value) + event.character
            self._field.cursor_position = len(self._field.value)
            self._is_fresh = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)


class Choice(ModalScreen[int | None]):
    """One of several lines, or just lines to read. Gives the number of the one that was chosen, from 0."""

    BINDINGS: ClassVar = [
        Binding("escape,q", "leave", "leave"),
        Binding("down,j,s", "step(1)", "next"),
        Binding("up,k,S", "step(-1)", "previous"),
        Binding("pagedown,space", "step(10)", "down"),
        Binding("pageup", "step(-10)", "up"),
        Binding("enter", "choose", "choose"),
    ]

    def __init__(self, title: str, lines: Sequence[Line], hint: str = "enter: choose   esc: leave") -> None:
        super().__init__()
        self._title, self._lines, self._hint = title, tuple(lines), hint
        self._view = LinesView("choice")
        self._view.styles.height = min(len(self._lines), 30) + 2
        self.at = 0

    def compose(self) -> ComposeResult:
        yield self._view

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        if not self._view.is_mounted:  # a key was quicker
            return
        front = [Span("▶ ", "cursor") if at == self.at else Span("  ") for at in range(len(self._lines))]
        shown = tuple([(mark, *line) for mark, line in zip(front, self._lines, strict=True)])
        self._view.show(Some(shown), title=self._title, subtitle=self._hint)
        self._view.bring(self.at, margin=0)

    @property
    def chosen(self) -> str:
        """The words under the cursor."""
        return plain(self._lines[self.at]) if self._lines else ""

    def action_step(self, by: int) -> None:
        self.at = max(0, min(self.at + by, len(self._lines) - 1))
        self._show()

    def action_choose(self) -> None:
        self.dismiss(self.at if self._lines else None)

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_lines_view_clicked(self, event: LinesView.Clicked) -> None:
        if event.y < len(self._lines):
            self.at = event.y
            self._show()


class Ask(ModalScreen[bool]):
    """Yes or no; nothing happens without a ``y``."""

    BINDINGS: ClassVar = [Binding("y", "answer(True)", "yes"), Binding("n,escape,q,enter", "answer(False)", "no")]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, tuple(lines)

    def compose(self) -> ComposeResult:
        yield LinesView("choice")

    def on_mount(self) -> None:
        view = self.query_one(LinesView)
        view.styles.height = min(len(self._lines), 30) + 2
        view.show(Some(self._lines), title=self._title, subtitle="y: go on   n: leave it")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
