"""Marked tools and spans."""

from __future__ import annotations

import asyncio
import random
import threading
import time

import httpx

import replay
from tests.determinism.agents.ask import aask, ask


@replay.tool(effect="read")
async def look_up(number: int) -> list:
    await asyncio.sleep(random.random() * 0.004)
    return [number, random.random()]


@replay.tool
def measure(number: int) -> float:
    time.sleep(random.random() * 0.004)
    return random.random()


@replay.tool
async def consult(url: str, number: int) -> int:
    """A tool that itself calls the world."""
    async with httpx.AsyncClient() as client:
        return sum(await asyncio.gather(*[aask(client, url, [number, i]) for i in range(2)]))


async def tools_in_gather(url):
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            found = await look_up(number)
            log.append([found, await aask(client, url, found)])
            log.append([number, await look_up(len(log))])

        await asyncio.gather(*[one(number) for number in range(6)])
    return log


async def tools_that_call(url):
    log = []

    async def one(number: int) -> None:
        log.append([number, await consult(url, number)])

    await asyncio.gather(*[one(number) for number in range(4)])
    return log


def tools_in_threads(url):
    log = []

    def work(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(2):
                log.append([number, measure(turn), ask(client, url, [number, len(log)])])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return log


async def nested_spans(url):
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            with replay.span(f"plan {number}"):
                first = await aask(client, url, number)
                with replay.span("act"):
                    log.append([number, first, await aask(client, url, first)])

        await asyncio.gather(*[one(number) for number in range(4)])
    return log


AGENTS = (tools_in_gather, tools_that_call, tools_in_threads, nested_spans)
