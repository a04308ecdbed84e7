"""asyncio tasks in flight together: the answers' order of arrival decides what the program comes to."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import httpx

from tests.determinism.agents.ask import aask


async def gather_equal(url):
    """Twenty equal prompts in flight; each has its own answer."""
    async with httpx.AsyncClient() as client:
        return await asyncio.gather(*[aask(client, url, "same") for _ in range(20)])


async def as_completed(url):
    async with httpx.AsyncClient() as client:
        return [await answer for answer in asyncio.as_completed([aask(client, url, i) for i in range(10)])]


async def race_with_losers(url):
    """The first answer wins, the others are cancelled; five rounds, each of which depends on the one before."""
    winners = []
    async with httpx.AsyncClient() as client:
        for _ in range(5):
            tasks = [asyncio.create_task(aask(client, url, [i, len(winners)]), name=f"t{i}") for i in range(4)]
            done, losers = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            winners += sorted([task.get_name(), task.result()] for task in done)
            for task in losers:
                task.cancel()
            await asyncio.gather(*losers, return_exceptions=True)
    return winners


async def losers_not_awaited(url):
    """Cancelled tasks are left to die while the next round is under way."""
    winners = []
    async with httpx.AsyncClient() as client:
        for round_number in range(6):
            tasks = [asyncio.create_task(aask(client, url, [round_number, i]), name=str(i)) for i in range(3)]
            done, losers = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            winners.append(sorted([task.get_name(), task.result()] for task in done))
            for task in losers:
                task.cancel()
    return winners


async def queue_workers(url):
    """Workers feed their own queue; who takes which item depends on who answered first."""
    queue: asyncio.Queue = asyncio.Queue()
    log = []
    async with httpx.AsyncClient() as client:

        async def work(name: int) -> None:
            while True:
                item = await queue.get()
                answer = await aask(client, url, [name, item])
                log.append([name, item, answer])
                if item < 6:
                    queue.put_nowait(item + 10)
                queue.task_done()

        for item in range(10):
            queue.put_nowait(item)
        workers = [asyncio.create_task(work(name)) for name in range(4)]
        await queue.join()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return log


async def nested_groups(url):
    log = []
    async with httpx.AsyncClient() as client:

        async def leaf(path: list[int]) -> None:
            log.append([path, await aask(client, url, path), await aask(client, url, len(log))])

        async def branch(number: int) -> None:
            async with asyncio.TaskGroup() as group:
                for i in range(3):
                    group.create_task(leaf([number, i]))
                log.append([number, await aask(client, url, "branch")])

        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(branch(number))
    return log


async def limited_fan_out(url):
    """A semaphore lets three through at a time."""
    limit = asyncio.Semaphore(3)
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            async with limit:
                log.append(["in", number])
                log.append(["out", number, await aask(client, url, len(log))])

        await asyncio.gather(*[one(number) for number in range(12)])
    return log


async def events_and_conditions(url):
    """Answers wake other tasks through an event, a condition and a lock."""
    log, shelf, ready, changed, lock = [], [], asyncio.Event(), asyncio.Condition(), asyncio.Lock()
    async with httpx.AsyncClient() as client:

        async def fill(number: int) -> None:
            answer = await aask(client, url, number)
            ready.set()
            async with changed:
                shelf.append([number, answer])
                changed.notify()

        async def take(number: int) -> None:
            await ready.wait()
            async with changed:
                await changed.wait_for(lambda: shelf)
                taken = shelf.pop()
            async with lock:
                log.append([number, taken, await aask(client, url, [number, len(log)])])

        await asyncio.gather(*[task(number) for number in range(5) for task in (fill, take)])
    return log


async def done_callbacks(url):
    """Callbacks of finished tasks start new tasks."""
    log, running = [], set()
    async with httpx.AsyncClient() as client:

        def start(question: int) -> None:
            task = asyncio.ensure_future(aask(client, url, question))
            running.add(task)
            task.add_done_callback(finished)

        def finished(task: asyncio.Task) -> None:
            running.discard(task)
            log.append(task.result())
            if len(log) < 12:
                start(len(log))

        for question in range(4):
            start(question)
        while running:
            await asyncio.wait(set(running), return_when=asyncio.FIRST_COMPLETED)
    return log


async def aiohttp_race(url):
    log = []
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> int:
            async with session.post(f"{url}/ask", json={"q": number}) as response:
                answer = (await response.json())["answer"]
            log.append([number, answer])
            return number

        for _ in range(4):
            tasks = [asyncio.create_task(one(number)) for number in range(4)]
            _, losers = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in losers:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*losers)
    return log


AGENTS = (
    gather_equal,
    as_completed,
    race_with_losers,
    losers_not_awaited,
    queue_workers,
    nested_groups,
    limited_fan_out,
    events_and_conditions,
    done_callbacks,
    aiohttp_race,
)
