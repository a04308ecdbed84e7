"""Agents on event loops that are not asyncio's own: uvloop and trio."""

from __future__ import annotations

import asyncio

import httpx

from tests.determinism.agents import tasks, timing
from tests.determinism.agents.ask import aask


def _on_uvloop(main, url):
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main(url))


def uvloop_gather(url):
    return _on_uvloop(tasks.gather_equal, url)


def uvloop_race(url):
    return _on_uvloop(tasks.race_with_losers, url)


def uvloop_timers(url):
    return _on_uvloop(timing.sleeps_versus_calls, url)


def trio_nursery(url):
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

            async def one(number: int) -> None:
                log.append([number, await aask(client, url, number)])
                log.append([number, await aask(client, url, len(log))])

            for number in range(5):
                nursery.start_soon(one, number)

    trio.run(main)
    return log


def trio_race(url):
    import trio

    out = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                async with trio.open_nursery() as nursery:

                    async def one(number: int, nursery=nursery) -> None:
                        out.append([number, await aask(client, url, [number, len(out)])])
                        nursery.cancel_scope.cancel()

                    for number in range(4):
                        nursery.start_soon(one, number)

    trio.run(main)
    return out


def trio_timeouts(url):
    import trio

    out = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            for number in range(8):
                with trio.move_on_after(0.008):
                    out.append(await aask(client, url, number))
                    continue
                out.append("late")

    trio.run(main)
    return out


UVLOOP = (uvloop_gather, uvloop_race, uvloop_timers)
TRIO = (trio_nursery, trio_race, trio_timeouts)
