"""``o``: what is on the screen, as files."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from replay.dialects.cassette import open_cassette
from tests.cli import rig
from tests.tui import stories
from tests.tui.stage import on_stage, press, shown, typed, until


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def exported(here, pilot, app, number):
    """The file that the export ``number`` of the list writes."""
    before = set(here.iterdir())
    await press(pilot, "o", *["j"] * number, "enter")
    await until(pilot, lambda: app.viewer.said != "")
    (path,) = set(here.iterdir()) - before
    assert path.name in app.viewer.said
    return path


async def test_svg_holds_the_screen_and_fetches_nothing(here):
    async with on_stage(stories.mended(), stories.cheaper()) as (app, pilot):
        picture = (await exported(here, pilot, app, 0)).read_text()
        ElementTree.fromstring(picture)
        assert "edit_file" in picture
        assert "url(" not in picture.replace("url(#", "")


async def test_text_is_what_is_seen(here):
    async with on_stage(stories.mended(), stories.cheaper()) as (app, pilot):
        seen = shown(app)
        text = (await exported(here, pilot, app, 1)).read_text()
        assert text.splitlines()[:20] == seen.splitlines()[:20]


async def test_markdown_holds_the_difference_and_its_cause(here):
    async with on_stage(stories.mended(), stories.cheaper()) as (app, pilot):
        text = (await exported(here, pilot, app, 2)).read_text()
        assert text.startswith("### `fix.cassette` ⟷ `fix@mini.cassette`: DIVERGED @7")
        assert '-      "name": "run_tests",' in text
        assert '+      "name": "edit_file",' in text
        assert "cause" in text


async def test_markdown_of_hostile_text_stays_in_its_block(here):
    ticks = stories.cassette("x`|*.cassette", [stories.tool(0, "a*_`<b>", {}, "```\n<script>\n````")])
    async with on_stage(ticks) as (app, pilot):
        text = (await exported(here, pilot, app, 2)).read_text()
        assert text.count("`````") == 2
        assert "<b>" not in text.replace("\\<b\\>", "")


async def test_a_golden_line_holds_the_verdict_and_the_notes(here):
    async with on_stage(stories.mended(here)) as (app, pilot):
        await press(pilot, "o", *["j"] * 4, "enter")
        await until(pilot, lambda: "no verdict" in app.viewer.said)
        app.viewer.judge("bad asks twice", "once is enough")
        app.viewer.said = ""
        line = json.loads((await exported(here, pilot, app, 4)).read_text())
        assert line["verdict"] == {"word": "bad", "why": "asks twice", "corrected": "once is enough"}


async def test_nothing_is_overwritten(here):
    async with on_stage(stories.mended()) as (app, pilot):
        first = await exported(here, pilot, app, 1)
        app.viewer.said = ""
        second = await exported(here, pilot, app, 1)
        assert first.name != second.name


async def test_the_exported_pytest_test_runs_the_run_again_and_holds_the_step(here):
    with rig.server() as port:
        (here / "agent.py").write_text(rig.agent(rig.AGENT, port))
        rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=here)
    async with on_stage(open_cassette(here / "run.cassette")) as (app, pilot):
        await press(pilot, "j")
        path = await exported(here, pilot, app, 3)
    assert path.name == "test_run.py"
    assert _pytest(here).returncode == 0
    path.write_text(path.read_text().replace("number 2", "number 3"))
    assert _pytest(here).returncode == 1


async def test_a_run_without_a_command_line_says_where_its_test_is(here):
    run = stories.mended()
    object.__setattr__(run.header, "entry", type(run.header.entry)(node="tests/test_a.py::test_b"))
    async with on_stage(run) as (app, pilot):
        await press(pilot, "j", "o", "j", "j", "j", "enter")
        await until(pilot, lambda: "tests/test_a.py::test_b" in app.viewer.said)


def _pytest(folder):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_run.py"]
    return subprocess.run(
        command,
        cwd=folder,
        env=rig.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        timeout=120,
    )


async def test_a_prompt_that_held_something_is_replaced_by_what_is_typed():
    async with on_stage(stories.mended()) as (app, pilot):
        await press(pilot, "slash")
        await typed(pilot, "parse")
        await press(pilot, "slash", *"list", "enter")
        await pilot.pause()
        assert app.viewer.sought == "list"
