"""The terminal UI: from the file to the first screen, and from a key to the next; CPU seconds, no terminal."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from replay.cassette import Writer
from replay.events import Chunk, End, Event, Head, Header, Request
from replay.tui.app import ReplayApp
from replay.tui.loading import loaded
from tests.bench.cassettes import cassette
from tests.bench.cpu import Cpu
from tests.bench.row import Bench, Row

ROUNDS = 5
SIZE = (120, 40)
KEYS = ("j", "j", "G", "g", "2", "3", "4", "5", "1", "space", "t", "c", "k")
HUGE = 5_000_000
"""Characters of one message."""


def first_paint(path: str) -> float:
    """CPU seconds from the file's name to the first screen, in a process that has textual loaded."""

    async def look() -> float:
        gc.unfreeze()
        gc.collect()  # what the round before left behind is no part of this one
        before = Cpu.process()
        app = ReplayApp(loaded(path))
        drawn: list[float] = []
        draw = app.draw

        def stamped() -> None:
            draw()
            app.screen._compositor.render_strips()
            drawn.append(Cpu.process() - before)

        app.draw = stamped  # type: ignore[method-assign]
        async with app.run_test(size=SIZE) as pilot:
            while not drawn:
                await pilot.pause()
        return drawn[0]

    return asyncio.run(look())


def slowest_key(path: str) -> tuple[float, str]:
    """CPU seconds from a key to the screen after it, at the median; of all keys the slowest, and which."""

    async def press() -> dict[str, float]:
        app = ReplayApp(loaded(path))
        taken: dict[str, list[float]] = {key: [] for key in KEYS}
        async with app.run_test(size=SIZE) as pilot:
            while not all(totals.done for totals in app.viewer.runs.totals):
                await pilot.pause()
            for key in KEYS * ROUNDS:
                before = Cpu.process()
                await pilot.press(key)
                await pilot.pause()
                taken[key].append(Cpu.process() - before)
        return {key: median(seconds) for key, seconds in taken.items()}

    seconds = asyncio.run(press())
    key = max(seconds, key=lambda each: seconds[each])
    return seconds[key], key


def huge_message(directory: Path) -> str:
    """A run of one call whose answer has a line of megabytes and many short ones."""
    text = "x" * (HUGE // 2) + "\n" + "a line of text\n" * (HUGE // 30)
    body = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
    asked = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "tell me all"}]}
    path = directory / "huge.cassette"
    writer = Writer.create(str(path), Header("huge", 0))
    for _ in range(3):
        url = "https://api.openai.com/v1/chat/completions"
        id = writer.next_id()
        writer.issue(Event(id, Request("http", "POST", url, body=json.dumps(asked).encode()), fingerprint=b"0" * 16))
        for part in (Head(200, "OK"), Chunk(json.dumps(body).encode()), End()):
            writer.parts(id, [part], 1, 1)
    writer.close(True)
    return str(path)


def run(directory: Path, large: bool) -> Iterable[Row]:
    path, _ = cassette(directory, 10_000)
    yield _row("UI: first screen of 10,000 steps", [first_paint(path) for _ in range(ROUNDS)], 0.5)
    for what, file in (("10,000 steps", path), ("messages of 5 MB", huge_message(directory))):
        seconds, key = slowest_key(file)
        yield Row(
            f"UI: the slowest key at {what}", seconds, "s", 0.1, detail=f"{key}, of {' '.join(dict.fromkeys(KEYS))}"
        )


def _row(what: str, seconds: list[float], budget: float) -> Row:
    """The best of the rounds: what the others took more is other work on the machine, which evicts caches."""
    return Row(what, min(seconds), "s", budget, min(seconds), max(seconds), f"CPU seconds, the best of {len(seconds)}")


BENCH = Bench("ui", run)
