from __future__ import annotations

import sys

import pytest

from replay.cli import progress


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    tell = progress.Progress("a.cassette")
    for done in (1, 2, 3):
        tell(done, 3)
    return capsys.readouterr().err


def test_short_work_is_done_in_silence(capsys):
    assert shown(capsys) == ""


def test_where_lines_stay_there_are_few(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET", 0.0)
    assert shown(capsys) == "replay: a.cassette: 1 of 3\n"


def test_on_a_terminal_one_line_changes_and_goes_away(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    lines = shown(capsys).split("\r")
    assert lines[1:3] == ["replay: a.cassette: 1 of 3", "replay: a.cassette: 2 of 3"]
    assert lines[3:] == [" " * len(lines[2]), ""]
