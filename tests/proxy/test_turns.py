from __future__ import annotations

import asyncio

import pytest

from replay.engine.order import NEVER
from replay.proxy import turns
from replay.proxy.turns import Turns


class Recording:
    """Two requests, issued at ticks 0 and 1."""

    def keys(self):
        return iter([(0, "0", b"a"), (1, "0", b"b")])

    def answer(self, id: int):
        return id, None


@pytest.fixture
def made() -> Turns:
    return Turns(Recording())


async def settled() -> None:
    """All tasks have run as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_waits_goes_when_all_before_it_has_passed(made):
    gone: list[int] = []

    async def go(tick: int) -> None:
        assert await made.wait(tick)
        gone.append(tick)
        made.passed(tick)

    tasks = [asyncio.create_task(go(tick)) for tick in (3, 1, 2)]
    await settled()
    assert gone == []
    made.passed(0)
    await asyncio.gather(*tasks)
    assert (gone, made.reordered) == ([1, 2, 3], 0)


async def test_a_request_that_overtook_another_waits_for_it(made):
    second = asyncio.create_task(made.arrived(b"b"))
    await settled()
    assert not second.done()
    await made.arrived(b"a")
    made.passed(0)
    await second


async def test_a_request_that_was_not_recorded_does_not_wait(made):
    await made.arrived(b"c")


async def test_when_nothing_moves_the_lowest_goes_and_is_counted(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    made = Turns(Recording())
    later = asyncio.create_task(made.wait(7))
    assert await made.wait(5)
    made.passed(5)
    assert not later.done()
    made.passed(6)
    assert await later
    assert made.reordered == 1


async def test_a_run_that_has_left_its_recording_waits_for_nothing(made):
    waiting = asyncio.create_task(made.wait(9))
    await settled()
    made.leave()
    assert await waiting
    assert made.reordered == 0


async def test_what_never_comes_is_given_up_when_nothing_moves(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    assert not await Turns(Recording()).wait(NEVER)


async def test_what_is_cancelled_holds_up_nobody(made):
    waiting = asyncio.create_task(made.wait(3))
    await settled()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    made.passed(0)
    assert await made.wait(1)
