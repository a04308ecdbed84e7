"""``e`` and ``r`` run the recorded program again, in a process of its own, and never write to the original."""

from __future__ import annotations

import sys
import tempfile
from contextlib import nullcontext

import pytest

from replay.dialects.cassette import open_cassette
from replay.tui.dialogs import Ask
from replay.tui.rerunning import fork_of
from tests.cli import rig
from tests.tui.stage import on_stage, press, shown, typed, until

SLOW = """
import os, select
if os.path.exists("slow"):
    open("waiting", "w").close()
    select.select([], [], [], 600)
"""
EDITOR = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text().replace("number 2", "number forty-two"))
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A recording whose server is gone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", rig.environment()["PATH"])
    with rig.server() as port:
        agent = rig.agent(rig.AGENT, port)
        (tmp_path / "agent.py").write_text(agent.replace("print(hash", SLOW + "print(hash"))
        rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=tmp_path)
    return tmp_path / "run.cassette"


async def asked(app, pilot):
    await until(pilot, lambda: isinstance(app.screen, Ask) or "cannot" in app.viewer.said)
    assert isinstance(app.screen, Ask), app.viewer.said
    await pilot.pause()


async def test_r_offers_swaps_tells_the_forecast_and_shows_the_new_run_as_b(run):
    before = run.read_bytes()
    async with on_stage(open_cassette(run)) as (app, pilot):
        await press(pilot, "j", "r", *["j"] * 4, "enter")
        await typed(pilot, 'response:2={"answer":"other"}')
        await asked(app, pilot)
        assert "2 steps served" in shown(app)
        await press(pilot, "y")
        await until(pilot, lambda: app.viewer.runs.b is not None and app.rerunning is None)
        assert [row.mark for row in app.viewer.rows] == ["=", "≠", "="]
        assert app.viewer.at == 1
        assert app.viewer.runs.b.path.name == "run@1.cassette"
        assert app.viewer.runs.b.header.swaps
    assert run.read_bytes() == before


async def test_r_fills_in_the_step_and_the_tool(run):
    async with on_stage(open_cassette(run)) as (app, pilot):
        await press(pilot, "j", "r", "enter")
        assert app.screen.query_one("#prompt-input").value == "model@2-="


async def test_a_swap_that_makes_no_sense_says_so_and_runs_nothing(run):
    async with on_stage(open_cassette(run)) as (app, pilot):
        await press(pilot, "r", *["j"] * 4, "enter")
        await typed(pilot, "nonsense=1")
        await until(pilot, lambda: "cannot run again" in app.viewer.said)
        assert "is no swap" in app.viewer.said
    assert [path.name for path in run.parent.glob("*.cassette")] == ["run.cassette"]


async def test_e_runs_the_edited_answer(run, monkeypatch, tmp_path):
    (tmp_path / "editor.py").write_text(EDITOR)
    monkeypatch.setenv("VISUAL", f"{sys.executable} {tmp_path / 'editor.py'}")
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    async with on_stage(open_cassette(run)) as (app, pilot):
        monkeypatch.setattr(app, "suspend", nullcontext)
        await press(pilot, "j", "e")
        await asked(app, pilot)
        await press(pilot, "y")
        await until(pilot, lambda: app.viewer.runs.b is not None and app.rerunning is None)
        assert "number forty-two" in app.viewer.runs.b.steps[1].value
        assert "your swap" in shown(app)
    assert not list(folder.iterdir())


async def test_escape_stops_a_re_run_and_what_it_did_stays(run, tmp_path):
    (tmp_path / "slow").touch()
    async with on_stage(open_cassette(run)) as (app, pilot):
        await press(pilot, "escape")
        assert "nothing is running" in app.viewer.said
        await press(pilot, "r", *["j"] * 4, "enter")
        await typed(pilot, 'response:1={"answer":"other"}')
        await asked(app, pilot)
        await press(pilot, "y")
        await until(pilot, (tmp_path / "waiting").exists)
        await press(pilot, "escape")
        await until(pilot, lambda: app.rerunning is None)
        assert len(open_cassette(tmp_path / "run@1.cassette").steps) == 3


async def test_leaving_while_a_re_run_goes_on_ends_it(run, tmp_path):
    (tmp_path / "slow").touch()
    async with on_stage(open_cassette(run)) as (app, pilot):
        await press(pilot, "r", *["j"] * 4, "enter")
        await typed(pilot, 'response:1={"answer":"other"}')
        await asked(app, pilot)
        await press(pilot, "y")
        await until(pilot, (tmp_path / "waiting").exists)
        process = app.rerunning
        await press(pilot, "q")
    assert await process.wait() != 0


def test_a_fork_never_takes_a_name_that_is_taken(tmp_path):
    base = tmp_path / "run.cassette"
    assert fork_of(base).name == "run@1.cassette"
    fork_of(base).touch()
    assert fork_of(base).name == "run@2.cassette"
    assert fork_of(tmp_path / "run@1.cassette").name == "run@2.cassette"
