"""What actions see of the app: the state, and the few things that only the app can do."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Callable, Mapping

from textual.app import App

from replay.errors import ReplayError
from replay.tui.lines import LinesView
from replay.tui.view.keys import Key
from replay.tui.view.panes import Pages
from replay.tui.view.runs import Runs
from replay.tui.view.viewer import Viewer

NARROW = 100
"""Columns below which two columns of text have no room."""

Keymap = Mapping[str, tuple[str, ...]]


class Stage(App[None]):
    """``viewer``: the state. ``keymap``: other keys for some ids. ``rerunning``: the process of a re-run, if any."""

    def __init__(self, runs: Runs, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self.viewer = Viewer(runs)
        self.pages = Pages(self.viewer)
        self.rerunning: Process | None = None

    def draw(self) -> None:
        """Show the state as it is now."""
        raise NotImplementedError

    def look_again(self, runs: Runs) -> None:
        """Show ``runs`` instead."""
        self.viewer.look_again(runs)
        self.pages = Pages(self.viewer)
        self.draw()

    def attempt(self, act: Callable[[], None]) -> None:
        """Do ``act`` and draw; what it cannot do is said in the status line."""
        try:
            act()
        except ReplayError as error:
            self.viewer.said = f"{error.message}; {error.hint}" if error.hint else error.message
        self.draw()

    def say(self, words: str) -> None:
        """Tell the person ``words`` in the status line."""
        self.viewer.said = words
        self.draw()

    def view(self, id: str) -> LinesView:
        """The widget ``id`` of the main screen."""
        return self.screen_stack[0].query_one(f"#{id}", LinesView)

    def keys_of(self, key: Key) -> tuple[str, ...]:
        """The keys that do what ``key`` says."""
        return self.keymap.get(key.id, key.keys)

    @property
    def is_narrow(self) -> bool:
        """Whether there is no room for two columns of text."""
        return self.size.width < NARROW

    @property
    def shape(self) -> str:
        """How the panes are shown: as chosen, but that two columns need room."""
        return "unified" if self.is_narrow and self.viewer.view == "split" else self.viewer.view

    @property
    def crash(self) -> Exception | None:
        """What broke, if anything did."""
        return self._exception

    def _fatal_error(self) -> None:
        """Textual would print all local variables, which hold prompts and keys. Who ran the app raises ``crash``."""
        self._close_messages_no_wait()
