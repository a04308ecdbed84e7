"""Several sessions in one event loop, as a service has that records each of its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import replay
from replay.cassette import Reader
from replay.engine import timers
from replay.engine.order import Order
from replay.engine.result import Result


@replay.tool
async def look(number: int) -> int:
    return number


async def step(number: int) -> None:
    await asyncio.to_thread(int)
    await look(number)


async def work(session: Any, path: Path, here: asyncio.Event, before: asyncio.Event) -> Result:
    with session(path) as run:
        here.set()
        await before.wait()
        await asyncio.gather(*[step(number) for number in range(3)])
    return run.result


async def side_by_side(session: Any, paths: list[Path], *, last: int) -> list[Result]:
    """Both sessions are open before one begins; the one that is ``last`` begins when the other has ended."""
    here = [asyncio.Event(), asyncio.Event()]
    ended = [asyncio.Event(), asyncio.Event()]

    async def serve(number: int) -> Result:
        before = ended[1 - number] if number == last else here[1 - number]
        result = await work(session, paths[number], here[number], before)
        ended[number].set()
        return result

    return await asyncio.gather(serve(0), serve(1))


def turns(path: Path) -> set[str]:
    """The tasks, threads and loops that took turns."""
    return {reads.lineage for reads in Reader(str(path)).each_read() if reads.source == timers.SOURCE}


def test_a_session_replays_alike_whether_or_not_others_are_still_open(tmp_path: Path) -> None:
    paths = [tmp_path / "one.cassette", tmp_path / "two.cassette"]
    asyncio.run(side_by_side(replay.record, paths, last=1))
    assert turns(paths[0]) == turns(paths[1])
    for last in (0, 1):
        results = asyncio.run(side_by_side(replay.play, paths, last=last))
        assert all(result.identical for result in results), results
        assert [result.unsettled for result in results] == [0, 0]


def test_what_others_do_is_no_standstill(monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr("replay.engine.order.time.monotonic", lambda: now[0])
    waiting, other = Order(replaying=True), Order(replaying=True)
    try:
        waiting._enter(5, wake=lambda: None)
        too_long: Callable[[], bool] = waiting._takes_too_long
        for _ in range(4):
            now[0] += 0.9
            other.tick()
            assert not too_long()
        now[0] += 1.1
        assert too_long()
    finally:
        waiting.close()
        other.close()
