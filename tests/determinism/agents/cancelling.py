"""Calls that are given up: cancelled, shielded, or left behind by a generator that is closed early."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator

import httpx

from tests.determinism.agents.ask import aask


async def shielded(url):
    """The wait ends early, the call goes on, and is awaited later."""
    out = []
    async with httpx.AsyncClient() as client:
        for number in range(8):
            call = asyncio.ensure_future(aask(client, url, number))
            try:
                out.append(await asyncio.wait_for(asyncio.shield(call), 0.005))
            except TimeoutError:
                out.append(["late", await call, await aask(client, url, len(out))])
    return out


async def cancelled_group(url):
    """One task of a group fails as soon as an answer is odd, which cancels the others wherever they are."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            for turn in range(4):
                try:
                    answer = await aask(client, url, [number, turn])
                except asyncio.CancelledError:
                    log.append(["cancelled", number, turn])
                    raise
                log.append([number, turn, answer])
                if answer % 3 == 0:
                    raise ValueError(number)

        for _ in range(3):
            try:
                async with asyncio.TaskGroup() as group:
                    for number in range(4):
                        group.create_task(one(number))
            except* ValueError as failed:
                log.append(["failed", [error.args[0] for error in failed.exceptions]])
    return log


async def cancel_then_ask(url):
    """A cancelled task makes one more call while it cleans up."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            try:
                log.append([number, await aask(client, url, number)])
                await asyncio.Event().wait()
            finally:
                log.append(["clean", number, await aask(client, url, ["clean", number])])

        tasks = [asyncio.create_task(one(number)) for number in range(5)]
        while len(log) < 3:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return log


async def async_generators(url):
    """Three async generators are consumed in turns; one is closed before its end."""
    log = []
    async with httpx.AsyncClient() as client:

        async def answers(name: str, count: int) -> AsyncIterator[int]:
            try:
                for number in range(count):
                    yield await aask(client, url, [name, number])
            finally:
                log.append(["closed", name, await aask(client, url, ["closed", name])])

        async def consume(name: str, count: int) -> None:
            source = answers(name, count)
            async for answer in source:
                log.append([name, answer])
                if answer % 4 == 0:
                    break
            await source.aclose()

        await asyncio.gather(*[consume(name, 5) for name in "abc"])
    return log


_who = contextvars.ContextVar("who", default="nobody")


async def context_variables(url):
    """What a task is called travels in a context variable; copied contexts run callbacks."""
    log = []
    async with httpx.AsyncClient() as client:

        async def inner() -> None:
            log.append([_who.get(), await aask(client, url, _who.get())])

        async def outer(name: str) -> None:
            _who.set(name)
            copied = contextvars.copy_context()
            await asyncio.gather(inner(), asyncio.create_task(inner(), context=copied))
            log.append([name, await aask(client, url, "outer")])

        await asyncio.gather(*[outer(f"task {number}") for number in range(5)])
    return log


AGENTS = (shielded, cancelled_group, cancel_then_ask, async_generators, context_variables)
