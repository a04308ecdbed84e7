"""The app: widgets in their places, keys to actions, and what is drawn after each of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from replay.dialects.cassette import Cassette
from replay.tui.actions import ACTIONS
from replay.tui.following import PERIOD, Growing, look_when_grown
from replay.tui.lines import LinesView, Some
from replay.tui.shown import Laid, Side, Timeline, footer, tab_at, tabs
from replay.tui.stage import NARROW, Keymap, Stage
from replay.tui.view import because, header, moves, status, timeline
from replay.tui.view.keys import KEYS, named
from replay.tui.view.panes import NOTHING, Panes
from replay.tui.view.runs import Runs

WIDE = 160
"""Columns from which the timeline is wider."""

SLICE = 100
"""Steps whose amounts are read at a time, between two keys."""

WHY_KEYS = "enter: open field   r: rerun from here with…   Y: copy command"


class ReplayApp(Stage):
    """Two runs side by side, or one. ``keymap``: as :func:`replay.tui.view.keys.remapped` gives it. ``step``: where to
    open. ``follow``: the file of a run that is still being written."""

    CSS_PATH = "app.tcss"
    TITLE = "replay"
    BINDINGS: ClassVar = [
        Binding(",".join(key.keys), f"do('{key.id}')", key.tip, show=False, id=key.id, tooltip=key.tip, priority=True)
        for key in KEYS
    ]
    """With priority: a key acts before the next is looked at, so what is typed right after ``/`` is for the prompt."""

    def __init__(
        self, runs: Runs, keymap: Keymap | None = None, *, step: int | None = None, follow: Path | None = None
    ) -> None:
        super().__init__(runs, keymap or {})
        if step is not None:
            self.viewer.to_step(step)
        self._growing = Growing(follow) if follow else None
        self._placed: tuple[object, ...] = ()
        self._laid = Laid(NOTHING)

    # --- the frame ---------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield LinesView("header")
        with Horizontal(id="body"):
            yield LinesView("timeline")
            with Vertical(id="right"):
                yield LinesView("tabs")
                with Horizontal(id="panes"):
                    yield LinesView("pane-a")
                    yield LinesView("pane-b")
                yield LinesView("why")
        yield LinesView("status")
        yield LinesView("keys")

    def on_mount(self) -> None:
        self.set_keymap({id: ",".join(keys) for id, keys in self.keymap.items()})
        if self._growing:
            self.set_interval(PERIOD, look_when_grown(self._growing, self._show_grown))
        self.call_after_refresh(self.read_amounts)

    def on_resize(self, event: events.Resize) -> None:
        main = self.screen_stack[0]
        main.set_class(event.size.width < NARROW, "narrow")
        main.set_class(event.size.width >= WIDE, "wide")
        self.call_after_refresh(self.draw)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        for key in KEYS:
            names = " ".join(named(name) for name in self.keys_of(key))
            yield SystemCommand(f"{key.id}  ({names})", key.tip, partial(self.action_do, key.id))

    # --- what a key does ---------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key of the table acts while a dialog is open."""
        return len(self.screen_stack) == 1 if action == "do" else super().check_action(action, parameters)

    def action_do(self, id: str) -> None:
        """What the key ``id`` does; what cannot be done says why in the status line."""
        self.viewer.said = ""
        self.attempt(partial(self.viewer.move, id) if id in moves.MOVES else partial(ACTIONS[id], self))

    def on_lines_view_clicked(self, event: LinesView.Clicked) -> None:
        viewer = self.viewer
        if event.view.id == "timeline" and event.y < len(viewer.visible):
            viewer.jump(viewer.visible[event.y])
        elif event.view.id == "tabs" and (tab := tab_at(viewer, self.pages, event.x)):
            viewer.tab, viewer.hunk = tab, 0
        self.draw()

    def look_again(self, runs: Runs) -> None:
        super().look_again(runs)
        self.read_amounts()

    def _show_grown(self, run: Cassette) -> None:
        self.look_again(Runs(run))

    def read_amounts(self) -> None:
        """Read tokens and costs of some more steps, and go on when nothing else is to be done."""
        waiting = next((totals for totals in self.viewer.runs.totals if not totals.done), None)
        if waiting is not None:
            waiting.advance(SLICE)
            self.set_timer(0.001, self.read_amounts)
        if waiting is None or waiting.done:
            self.draw_header()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        if not self.size.width:
            return
        viewer, width = self.viewer, self.size.width
        self.draw_header()
        rows = self.view("timeline")
        rows.show(Timeline(viewer), title=timeline.heading(viewer))
        rows.bring(viewer.visible.index(viewer.at) if viewer.at in viewer.visible else 0)
        self.view("tabs").show(Some((tabs(viewer, self.pages),)))
        self.draw_panes(self.pages.panes(self.shape))
        why = self.view("why")
        why.show(Some(tuple(because.why(viewer, why.inner_width))), title=because.title(viewer), subtitle=WHY_KEYS)
        self.view("status").show(Some((status.status(viewer, width),)))
        self.view("keys").show(Some((footer(self.keys_of, width),)))

    def draw_header(self) -> None:
        """The runs and their amounts; of two runs on a narrow screen, only those of the run now."""
        runs, width = self.viewer.runs, self.size.width
        amounts = header.amounts(runs, width)[-1 if self.is_narrow else 0 :]
        head = self.view("header")
        head.styles.height = 1 + len(amounts)
        head.show(Some((header.title(runs, width), *amounts)))

    def draw_panes(self, panes: Panes) -> None:
        """The columns side by side; scrolled to the change only when something else is shown than before."""
        viewer = self.viewer
        self.screen_stack[0].set_class(len(panes.columns) == 1, "one-column")
        views = [self.view(f"pane-{name}") for name in "ab"][: len(panes.columns)]
        top = panes.hunks[viewer.hunk % len(panes.hunks)] if panes.hunks else 0
        placed = (viewer.at, viewer.tab, self.shape, viewer.structure, viewer.grain, top, self.size)
        if self._laid.panes is not panes:
            self._laid = Laid(panes)
        for at, view in enumerate(views):
            view.show(Side(self._laid, at), title=panes.titles[at], subtitle=panes.subtitles[at])
            if placed != self._placed:
                view.put(max(0, self._laid.layout(view.inner_width).top(top) - 2) if top else 0)
        self._placed = placed
