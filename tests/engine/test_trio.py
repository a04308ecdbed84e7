"""trio, as far as the agents of tests/determinism do not go: where a session begins, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import trio

import replay
from replay.engine import loops
from tests.determinism.agents.ask import aask
from tests.determinism.server import random_server


async def _race(url: str) -> list[list[int]]:
    out: list[list[int]] = []
    async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

        async def one(number: int) -> None:
            await trio.sleep(number / 1000)
            out.append([number, await aask(client, url, [number, len(out)])])
            if len(out) == 3:
                nursery.cancel_scope.cancel()

        for number in range(6):
            nursery.start_soon(one, number)
    return out


def test_a_session_may_begin_and_end_inside_a_running_loop(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"

    async def recorded(url: str) -> list[list[int]]:
        async with replay.record(path):
            out = await _race(url)
        with trio.move_on_after(0.001):
            await trio.sleep_forever()
        return out

    async def replayed(url: str) -> tuple[list[list[int]], bool]:
        async with replay.play(path) as run:
            out = await _race(url)
        return out, run.result.identical

    with random_server() as url:
        expected = trio.run(recorded, url)
    for _ in range(3):
        assert trio.run(replayed, url) == (expected, True)


def test_a_deadline_that_was_not_reached_fires_in_its_own_time(tmp_path: Path) -> None:
    """The recording got its answer in time; the replay, which asks for nothing, waits for the deadline for real."""
    path = tmp_path / "run.cassette"

    async def waits(answered: bool) -> bool:
        with trio.move_on_after(0.05) as scope:
            if not answered:
                await trio.sleep_forever()
        return scope.cancelled_caught

    with random_server() as url, replay.record(path):
        httpx.post(f"{url}/ask", json={})
        assert trio.run(waits, True) is False
    with replay.play(path):
        httpx.post(f"{url}/ask", json={})
        assert trio.run(waits, False) is True


def test_outside_a_session_trio_is_as_it_was() -> None:
    async def main() -> None:
        assert loops.running() is None
        with trio.move_on_after(0.001) as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught
        assert await trio.to_thread.run_sync(lambda: 7) == 7

    trio.run(main)


def test_a_runner_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replay.record(tmp_path / "run.cassette"):
        trio.run(_divide)
    assert loops.standing_in == []
    assert loops.here.loop is None


async def _divide() -> float:
    await trio.lowlevel.checkpoint()
    return 1 / 0
