"""The screens as text. ``REPLAY_GOLDEN=write`` writes them anew: look at the difference before it is committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from replay.tui.exporting import screen_svg
from tests.tui import stories
from tests.tui.stage import on_stage, press, shown

GOLDEN = Path(__file__).parent / "golden"
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}
CASES = {
    "one-run": lambda: (stories.mended(),),
    "two-runs": lambda: (stories.mended(), stories.cheaper()),
    "no-difference": lambda: (stories.mended(), stories.mended()),
    "empty": lambda: (stories.empty(),),
    "10000-rows": lambda: (stories.long(),),
    "huge-message": lambda: (stories.huge(),),
    "hostile-text": lambda: (stories.hostile(),),
    "error-step": lambda: (stories.failing(),),
}
VIEWS = {
    "request": ("2",),
    "messages": ("G", "3"),
    "metrics": ("4",),
    "raw": ("5",),
    "unified": ("v",),
    "only-b": ("v", "v", "v"),
    "as-text": ("t",),
    "help": ("question_mark",),
    "last-row": ("G",),
}


def check(name: str, screen: str, suffix: str = "txt") -> None:
    path = GOLDEN / f"{name}.{suffix}"
    if os.environ.get("REPLAY_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(screen, encoding="utf-8")
    assert screen == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
async def test_the_first_screen(case, size):
    async with on_stage(*CASES[case](), size=SIZES[size]) as (app, _):
        check(f"{case}-{size}", shown(app))


@pytest.mark.parametrize("view", VIEWS)
async def test_another_look_at_two_runs(view):
    async with on_stage(stories.mended(), stories.cheaper()) as (app, pilot):
        await press(pilot, *VIEWS[view])
        check(f"two-runs-{view}", shown(app))


async def test_the_picture_in_the_readme_is_the_app():
    async with on_stage(stories.mended(), stories.cheaper(), size=(120, 34)) as (app, pilot):
        await press(pilot, "d")
        check("screen", screen_svg(app), "svg")
    assert "](tests/tui/golden/screen.svg)" in (GOLDEN.parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", ["80x24", "120x40"])
async def test_hostile_text_neither_steers_the_terminal_nor_moves_the_frame(size):
    async with on_stage(stories.hostile(), size=SIZES[size]) as (app, pilot):
        for tab in "12345":
            await press(pilot, tab)
            for row in app.viewer.rows:
                app.viewer.put(row.at)
                app.draw()
                await pilot.pause()
                screen = shown(app)
                assert not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 for char in screen)
                assert not set(screen) & set("\u202e\u202c\U000e0041")
                width, height = app.size
                strips = app.screen._compositor.render_strips()
                assert [strip.cell_length for strip in strips] == [width] * height
