"""The real program in a real terminal (tmux), driven by keys: from a recording to an edited re-run, and out again."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli import rig

DEADLINE = 60.0
EDITOR = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text().replace("number 2", "number forty-two"))
"""


class Terminal:
    """A terminal of 120 by 40 in which ``replay`` can be typed."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        editor = shlex.join([sys.executable, str(folder / "editor.py")])
        environment = rig.environment(TERM="xterm-256color", EDITOR=editor)
        words = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "-c", str(folder), "sh")
        self.type(f"exec env -i {' '.join(words)} PS1='ready> ' sh", "Enter")
        self.until(lambda screen: "ready>" in screen)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-S", self._socket, *words], capture_output=True, text=True, timeout=DEADLINE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def type(self, *keys: str) -> None:
        """Type ``keys``: words as they are, ``Enter`` and the like by name."""
        for key in keys:
            self._tmux("send-keys", *([key] if key in ("Enter", "Escape", "BSpace") else ["-l", key]))

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def state(self, name: str) -> str:
        """What tmux knows of the terminal: ``alternate_on``, ``cursor_flag``, ``mouse_any_flag``."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def until(self, holds: Callable[[str], bool]) -> str:
        """The screen, once it is so."""
        end = time.monotonic() + DEADLINE
        while not holds(screen := self.screen()):
            assert time.monotonic() < end, screen
            self._tmux("wait-for", "-L", "turn")  # a turn of tmux's own loop, in place of a sleep
            self._tmux("wait-for", "-U", "turn")
        return screen

    def shows(self, *words: str) -> str:
        """The screen, once all ``words`` are on it."""
        return self.until(lambda screen: all(word in screen for word in words))

    def close(self) -> None:
        self._tmux("kill-server")


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    opened = Terminal(folder)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    """With an agent, its recording (the server is gone) and an editor that changes one word."""
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.AGENT, port))
        rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=tmp_path)
    (tmp_path / "editor.py").write_text(EDITOR)
    return tmp_path


def test_a_recording_is_looked_at_edited_and_run_again(folder):
    original = (folder / "run.cassette").read_bytes()
    with terminal(folder) as typing:
        typing.type("replay ui run.cassette; echo left with $?", "Enter")
        typing.shows("Steps 1/3", "run.cassette")
        typing.type("/", "number 2", "Enter")
        typing.shows("Steps 2/3", "1/1 number 2")
        typing.type("&", "kind:http", "Enter")
        typing.shows("filter: kind:http")
        typing.type("e")
        typing.shows("Run again?", "response:2", "python agent.py", "run@1.cassette")
        typing.type("y")
        typing.shows("run.cassette ⟷ run@1.cassette", "DIVERGED @2", "number forty-two")
        typing.until(lambda screen: "running again" not in screen)
        typing.type("g")
        typing.shows("Steps 1/3")
        typing.type("d")
        typing.shows("Steps 2/3", "your swap")
        typing.type("BSpace")
        typing.shows("Steps 1/3")
        typing.type("q")
        typing.shows("left with 0", "ready>")
        assert [typing.state(name) for name in ("alternate_on", "cursor_flag", "mouse_any_flag")] == ["0", "1", "0"]
    assert (folder / "run.cassette").read_bytes() == original
    assert (folder / "run@1.cassette").exists()


def test_an_answer_of_no_keeps_everything_as_it_was(folder):
    with terminal(folder) as typing:
        typing.type("replay ui run.cassette --step 2", "Enter")
        typing.shows("Steps 2/3")
        typing.type("e")
        typing.shows("Run again?")
        typing.type("n")
        typing.shows("nothing was run")
    assert [path.name for path in folder.glob("*.cassette")] == ["run.cassette"]
