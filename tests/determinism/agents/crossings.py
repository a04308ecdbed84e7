"""Between event loops and threads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from tests.determinism.agents.ask import aask, ask


async def to_thread(url):
    """Half of the work in threads, half in tasks; both see the shared list."""
    log = []
    with httpx.Client() as sync:
        async with httpx.AsyncClient() as client:

            async def one(number: int) -> None:
                if number % 2:
                    answer = await asyncio.to_thread(ask, sync, url, number)
                else:
                    answer = await aask(client, url, number)
                log.append([number, answer])
                log.append([number, await aask(client, url, len(log))])

            async with asyncio.TaskGroup() as group:
                for number in range(8):
                    group.create_task(one(number))
    return log


async def executor_race(url):
    """run_in_executor, and the first to answer wins."""
    loop, out = asyncio.get_running_loop(), []
    with httpx.Client() as client, ThreadPoolExecutor(3) as pool:
        for _ in range(4):
            calls = [loop.run_in_executor(pool, ask, client, url, number) for number in range(5)]
            done, rest = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            out.append([calls.index(call) for call in calls if call in done])
            out.append(await asyncio.gather(*rest))
    return out


def loops_in_threads(url):
    """Each thread runs an event loop of its own."""
    log = []

    async def main(name: int) -> None:
        async with httpx.AsyncClient() as client:
            for answer in asyncio.as_completed([aask(client, url, [name, i]) for i in range(3)]):
                log.append([name, await answer])

    threads = [threading.Thread(target=lambda name=name: asyncio.run(main(name))) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return log


async def loop_in_a_thread_of_a_loop(url):
    """A synchronous library that starts its own loop in a helper thread, called from a task."""
    log = []

    def library(number: int) -> int:
        async def main() -> int:
            async with httpx.AsyncClient() as client:
                return sum(await asyncio.gather(*[aask(client, url, [number, i]) for i in range(2)]))

        return asyncio.run(main())

    async def one(number: int) -> None:
        log.append([number, await asyncio.to_thread(library, number)])

    await asyncio.gather(*[one(number) for number in range(4)])
    return log


def coroutines_from_threads(url):
    """Threads hand coroutines to one loop that runs in the background."""
    log, loop = [], asyncio.new_event_loop()
    background = threading.Thread(target=loop.run_forever)
    background.start()

    async def call(question: list[int]) -> int:
        async with httpx.AsyncClient() as client:
            return await aask(client, url, question)

    def work(name: int) -> None:
        for turn in range(3):
            answer = asyncio.run_coroutine_threadsafe(call([name, turn]), loop).result()
            log.append([name, turn, answer])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loop.call_soon_threadsafe(loop.stop)
    background.join()
    loop.close()
    return log


async def threads_call_back(url):
    """Threads hand their answers to the loop with call_soon_threadsafe."""
    loop, answers, out = asyncio.get_running_loop(), asyncio.Queue(), []

    def work(number: int) -> None:
        answer = httpx.post(f"{url}/ask", json={"q": number}).json()["answer"]
        loop.call_soon_threadsafe(answers.put_nowait, [number, answer])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for _ in threads:
        out.append(await answers.get())
    for thread in threads:
        thread.join()
    return out


async def threads_that_wake_the_loop_and_go_on(url):
    """Each hands something to the loop and asks on; the loop asks too: who is first?"""
    loop, items, log = asyncio.get_running_loop(), asyncio.Queue(), []

    def work(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(2):
                answer = ask(client, url, [number, turn])
                loop.call_soon_threadsafe(items.put_nowait, answer)
                log.append(["thread", number, turn])
                log.append(ask(client, url, len(log)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    async with httpx.AsyncClient() as client:
        for _ in range(6):
            log.append(["loop", await items.get()])
            log.append(await aask(client, url, len(log)))
    for thread in threads:
        await asyncio.to_thread(thread.join)
    return log


async def futures_of_threads(url):
    """wrap_future and concurrent.futures.wait, in one program."""
    log = []
    with httpx.Client() as client, ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(ask, client, url, number) for number in range(4)]
        for answer in asyncio.as_completed([asyncio.wrap_future(future) for future in futures]):
            log.append(await answer)
        late = [pool.submit(ask, client, url, number) for number in range(4)]
        log.append([late.index(future) for future in late if future in wait(late, return_when="FIRST_COMPLETED").done])
        log.append([future.result() for future in late])
    return log


AGENTS = (
    to_thread,
    executor_race,
    loops_in_threads,
    loop_in_a_thread_of_a_loop,
    coroutines_from_threads,
    threads_call_back,
    threads_that_wake_the_loop_and_go_on,
    futures_of_threads,
)
