"""Agents on an event loop that is not asyncio's own: uvloop."""

from __future__ import annotations

import asyncio

from tests.determinism.agents import tasks, timing


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


AGENTS = (uvloop_gather, uvloop_race, uvloop_timers)
