"""The app around the keys: a run that grows, a crash, the command line."""

from __future__ import annotations

import json
import os

import pytest

from replay.cassette import Writer
from replay.cli import ui
from replay.dialects.cassette import open_cassette
from replay.tui.app import ReplayApp
from replay.tui.view import notes
from replay.tui.view.runs import Runs
from tests.cassette import runs as files
from tests.cli import rig
from tests.tui import stories
from tests.tui.stage import on_stage, press, shown, until


async def test_a_run_that_is_being_recorded_is_followed(tmp_path):
    path = tmp_path / "growing.cassette"
    writer = Writer.create(str(path), files.HEADER)
    files.write_event(writer, files.chat(writer.next_id(), tick=0))
    async with on_stage(open_cassette(path), follow=path) as (app, pilot):
        assert len(app.viewer.rows) == 1
        files.write_event(writer, files.chat(writer.next_id(), tick=10))
        files.write_event(writer, files.chat(writer.next_id(), tick=20))
        await until(pilot, lambda: len(app.viewer.rows) == 3)
        assert app.viewer.at == 2
        assert "Steps 3/3" in shown(app)
        writer.close()


async def test_all_amounts_are_read_in_the_end_and_shown():
    async with on_stage(stories.long(1000)) as (app, _):
        assert all(totals.done for totals in app.viewer.runs.totals)
        assert "…" not in shown(app).splitlines()[1]


async def test_a_crash_prints_nothing_of_the_run_and_is_raised_by_who_ran_the_app(capsys, monkeypatch):
    secret = "sk-what-the-agent-knew"
    app = ReplayApp(Runs(stories.cassette("x", [stories.tool(0, "tell", {}, secret)])))

    def broken() -> None:
        local = secret
        raise RuntimeError("a bug of ours") if local else None

    monkeypatch.setattr(app.viewer, "toggle_breakpoint", broken)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        async with app.run_test() as pilot:
            await press(pilot, "b")
    assert isinstance(app.crash, RuntimeError)
    assert secret not in "".join(capsys.readouterr())


def test_what_broke_in_the_app_becomes_a_report(monkeypatch):
    app = ReplayApp(Runs(stories.empty()))
    app._exception = RuntimeError("a bug of ours")
    monkeypatch.setattr(app, "run", lambda: None)
    with pytest.raises(RuntimeError):
        ui.run(app)


async def test_dark_light_and_no_colour_show_the_same_marks(monkeypatch):
    seen = set()
    for theme in ("textual-dark", "textual-light", "ansi-dark"):
        async with on_stage(stories.mended(), stories.cheaper()) as (app, pilot):
            app.theme = theme
            await pilot.pause()
            seen.add(shown(app))
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_stage(stories.mended(), stories.cheaper()) as (app, _):
        assert app.no_color
        seen.add(shown(app))
    assert len(seen) == 1


async def test_the_screen_follows_the_size_of_the_terminal():
    async with on_stage(stories.mended(), stories.cheaper(), size=(120, 40)) as (app, pilot):
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.is_narrow and len(shown(app).splitlines()) == 24)
        await pilot.pause()
        assert "A#7 ⟷ B" in shown(app)


@pytest.fixture
def recorded(tmp_path):
    files.write_run(tmp_path / "run.cassette", [files.chat(at, tick=at * 10) for at in range(3)])
    return tmp_path


def test_without_a_terminal_it_says_what_to_do_instead(recorded):
    done = rig.replay("ui", "run.cassette", cwd=recorded)
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert "replay show run.cassette" in done.stderr


def test_the_help_begins_with_two_examples():
    for verb in ("ui", "why"):
        lines = rig.replay(verb, "--help", cwd=".").stdout.splitlines()
        start = next(at for at, line in enumerate(lines) if "Examples:" in line)
        assert all(f"replay {verb}" in line for line in lines[start + 1 : start + 3])


def test_why_lists_where_a_text_appears_first_to_last(recorded):
    done = rig.replay("why", "run.cassette", "message 0", cwd=recorded)
    assert done.returncode == 0
    first, *rest = done.stdout.splitlines()
    assert first.split()[:2] == ["1", "llm"]
    assert len(rest) == 2
    data = json.loads(rig.replay("why", "run.cassette", "message 0", "--json", cwd=recorded).stdout)
    assert data["schema"] == "replay.why/1"
    assert [each["step"] for each in data["found"]] == [1, 2, 3]


def test_why_exits_1_when_the_text_is_nowhere(recorded):
    done = rig.replay("why", "run.cassette", "nothing of the kind", cwd=recorded)
    assert (done.returncode, done.stdout) == (1, "")
    assert "none of the 3 steps" in done.stderr


def test_keys_in_the_settings_file_are_checked(recorded):
    (recorded / "pyproject.toml").write_text('[tool.replay.keys]\nnext = "z"\nfirst = "z"\n')
    done = rig.replay("ui", "run.cassette", cwd=recorded, TEXTUAL_DRIVER="none")
    assert done.returncode == 2, os.fspath(recorded)
    assert "z would be" in done.stderr


def test_show_tells_the_verdict_and_the_notes(recorded):
    notes.save(recorded / "run.cassette", notes.Notes({2: "odd \x1b[31m"}, notes.Verdict("bad", "asks twice")))
    lines = rig.replay("show", "run.cassette", cwd=recorded).stdout.splitlines()
    assert "verdict: bad asks twice" in lines
    assert "note on step 2: odd \\x1b[31m" in lines
