"""Sleeps, timeouts and timers against answers: who is first is a matter of milliseconds."""

from __future__ import annotations

import asyncio
import random
import time

import httpx

from tests.determinism.agents.ask import aask, ask


async def timeouts_that_sometimes_fire(url):
    out = []
    async with httpx.AsyncClient() as client:
        for number in range(12):
            try:
                out.append(await asyncio.wait_for(aask(client, url, number), 0.008))
            except TimeoutError:
                out.append("late")
    return out


async def timeout_blocks(url):
    """asyncio.timeout around several calls, moved on after each answer."""
    out = []
    async with httpx.AsyncClient() as client:
        for number in range(8):
            try:
                async with asyncio.timeout(0.008) as limit:
                    out.append(await aask(client, url, number))
                    limit.reschedule(asyncio.get_running_loop().time() + 0.006)
                    out.append(await aask(client, url, number))
            except TimeoutError:
                out.append("late")
    return out


async def client_timeouts(url):
    """httpx's own time limit, which ends some of the calls as errors."""
    out = []
    async with httpx.AsyncClient(timeout=0.02) as client:
        for number in range(10):
            try:
                out.append(await aask(client, url, number))
            except httpx.TimeoutException as error:
                out.append(type(error).__name__)
    return out


async def sleeps_versus_calls(url):
    log = []
    async with httpx.AsyncClient() as client:

        async def sleeper(number: int) -> None:
            await asyncio.sleep(0.0015 * number)
            log.append(["slept", number])

        async def caller(number: int) -> None:
            log.append(["answer", number, await aask(client, url, len(log))])

        await asyncio.gather(*[task(number) for number in range(8) for task in (sleeper, caller)])
    return log


async def timers_call_back(url):
    """call_later fires between the answers, and starts calls of its own; some timers are cancelled in time."""
    loop, log, started = asyncio.get_running_loop(), [], []
    async with httpx.AsyncClient() as client:

        async def late(number: int) -> None:
            log.append(["late", number, await aask(client, url, ["late", len(log)])])

        def fire(number: int) -> None:
            log.append(["fired", number])
            started.append(loop.create_task(late(number)))

        timers = [loop.call_later(0.002 * number, fire, number) for number in range(8)]
        for number in range(3):
            log.append(["answer", await aask(client, url, number)])
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*started)
    return log


async def polling(url):
    """A loop that polls with tiny sleeps until enough has happened; how often it looked is part of the value."""
    log, looks = [], 0
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            log.append([number, await aask(client, url, number), looks])

        tasks = [asyncio.create_task(one(number)) for number in range(5)]
        while len(log) < 5:
            await asyncio.sleep(0.001)
            looks += 1
        await asyncio.gather(*tasks)
    return [log, looks]


async def yielding(url):
    """sleep(0) beside calls: turns of the loop that take no time at all."""
    log = []
    async with httpx.AsyncClient() as client:

        async def turns(number: int) -> None:
            for turn in range(20):
                await asyncio.sleep(0)
                log.append(["turn", number, turn])

        async def one(number: int) -> None:
            answer = await aask(client, url, number)
            await asyncio.sleep(0)
            log.append(["answer", number, answer])

        await asyncio.gather(*[task(number) for number in range(6) for task in (turns, one)])
    return log


async def elapsed_in_prompts(url):
    """How long it took goes into the next question."""
    out = []
    async with httpx.AsyncClient() as client:
        for _ in range(4):
            start, tick = time.perf_counter(), time.monotonic()
            answer = await aask(client, url, "go")
            await asyncio.sleep(random.random() * 0.003)
            took = [time.perf_counter() - start, time.monotonic() - tick, time.perf_counter_ns()]
            out.append([answer, took, await aask(client, url, f"took {took}")])
    return out


def sleeping_threads_of_time(url):
    """time.sleep as a pace maker: a deadline decides how many calls are made."""
    out = []
    with httpx.Client() as client:
        end = time.monotonic() + 0.06
        while time.monotonic() < end:
            out.append(ask(client, url, len(out)))
            time.sleep(0.002)
    return out


AGENTS = (
    timeouts_that_sometimes_fire,
    timeout_blocks,
    client_timeouts,
    sleeps_versus_calls,
    timers_call_back,
    polling,
    yielding,
    elapsed_in_prompts,
    sleeping_threads_of_time,
)
