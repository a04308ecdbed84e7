"""Work that is handed to pools of processes, and children that are forked: in and out of the command line."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import httpx

from tests.determinism.agents.ask import aask, ask

_FORK = multiprocessing.get_context("fork")


def _work(url: str, number: int) -> list:
    """One item: two calls, dice and a clock."""
    with httpx.Client() as client:
        first = ask(client, url, [number, random.random()])
        time.sleep(random.random() / 100)
        return [number, first, ask(client, url, [number, first, time.time()])]


def _pair(pair: tuple[str, int]) -> list:
    return _work(*pair)


def _fails(url: str, number: int) -> int:
    raise ValueError(_work(url, number)[1])


def process_pool(url):
    """More items than workers, and what comes back goes on into questions of the parent."""
    with httpx.Client() as client, ProcessPoolExecutor(2, mp_context=_FORK) as pool:
        found = list(pool.map(_work, [url] * 6, range(6)))
        return [found, ask(client, url, found)]


def process_pool_first_come(url):
    """The results in the order in which they come; one item fails."""
    out = []
    with httpx.Client() as client, ProcessPoolExecutor(3, mp_context=_FORK) as pool:
        futures = [pool.submit(_work, url, number) for number in range(5)]
        failing = pool.submit(_fails, url, 5)
        for future in as_completed(futures):
            out.append([future.result(), ask(client, url, len(out))])
        try:
            failing.result()
        except ValueError as error:
            out.append(["failed", error.args[0]])
    return out


def multiprocessing_pool(url):
    out = []
    pairs = [(url, number) for number in range(6)]
    with httpx.Client() as client, _FORK.Pool(2) as pool:
        single = pool.apply_async(_work, (url, 100))
        for found in pool.imap_unordered(_pair, pairs):
            out.append([found, ask(client, url, len(out))])
        out += pool.map(_pair, pairs, chunksize=2)
        out += pool.starmap(_work, pairs[:2])
        out.append(single.get())
    return out


async def process_pool_and_loop(url):
    """Items that tasks of an event loop wait for, while other tasks ask for themselves."""
    log = []
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2, mp_context=_FORK) as pool:
        async with httpx.AsyncClient() as client:

            async def hands_over(number: int) -> None:
                log.append(await loop.run_in_executor(pool, _work, url, number))
                log.append([number, await aask(client, url, len(log))])

            async def asks(number: int) -> None:
                for turn in range(3):
                    log.append([number, turn, await aask(client, url, [number, turn])])

            await asyncio.gather(*[hands_over(n) for n in range(3)], *[asks(n) for n in range(10, 12)])
    return log


def spawned_pool(url):
    """Workers that are new interpreters."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_work, [url] * 4, range(4)))


def _tell(queue, url: str, name: str) -> None:
    queue.put([name, _work(url, len(name))])


def forked_processes(url):
    out = []
    with httpx.Client() as client:
        for name in ("one", "three"):
            queue = _FORK.SimpleQueue()
            process = _FORK.Process(target=_tell, args=(queue, url, name))
            process.start()
            out.append([queue.get(), ask(client, url, name)])
            process.join()
    return out


def bare_fork(url):
    """A child by ``os.fork``, which asks for itself and says what it heard through a pipe."""
    read, write = os.pipe()
    with httpx.Client() as client:
        before = ask(client, url, "before")
        child = os.fork()
        if child == 0:
            with httpx.Client() as own:
                os.write(write, str(ask(own, url, ["child", before])).encode())
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        with os.fdopen(read) as said:
            return [before, said.read(), ask(client, url, "after")]


AGENTS = (
    process_pool,
    process_pool_first_come,
    multiprocessing_pool,
    process_pool_and_loop,
    spawned_pool,
    forked_processes,
    bare_fork,
)
