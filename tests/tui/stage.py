"""The app on a stage: started without a terminal, its state and its screen to be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from replay.dialects.cassette import Cassette
from replay.tui.app import ReplayApp
from replay.tui.exporting import screen_text
from replay.tui.view.runs import Runs

DEADLINE = 30.0


@asynccontextmanager
async def on_stage(
    *runs: Cassette, size: tuple[int, int] = (120, 40), **options: Any
) -> AsyncIterator[tuple[ReplayApp, Pilot[None]]]:
    """The app with ``runs``, drawn for the first time, with all amounts read."""
    app = ReplayApp(Runs(*runs), options.pop("keymap", None), **options)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: all(totals.done for totals in app.viewer.runs.totals))
        await pilot.pause()
        yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the app work until ``holds()``."""
    async with asyncio.timeout(DEADLINE):
        while not holds():
            await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press ``keys``, and let what they do be done."""
    await pilot.press(*keys)
    await pilot.pause()


async def typed(pilot: Pilot[None], text: str) -> None:
    """Type ``text`` into a prompt that is empty or not, and enter it."""
    await pilot.press("ctrl+u", *text, "enter")
    await pilot.pause()


def shown(app: ReplayApp) -> str:
    return screen_text(app)
