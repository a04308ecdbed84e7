"""A busy program: tasks, a thread, a stream, a tool and a child process, all calling at the same time.

``tell`` hears of each answer once the program has it: whatever it heard must be in the cassette.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable

import httpx

import replay
from replay.engine import children

TASKS = 3
CHUNKS = 12
Tell = Callable[[str, int, object], None]


@replay.tool(effect="read")
def double(number: int) -> int:
    return number * 2


def run(url: str, turns: int, tell: Tell) -> None:
    """Make ``turns`` calls in each of six lines of work."""
    children.attach()
    child = os.fork()
    if not child:
        try:
            with httpx.Client(verify=False) as client:
                _ask_in_turn(client, url, turns, "child", tell)
        finally:
            os._exit(0)
    asyncio.run(_work(url, turns, tell))
    os.waitpid(child, 0)


async def _work(url: str, turns: int, tell: Tell) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        tasks = [_ask(client, url, turns, f"task{number}", tell) for number in range(TASKS)]
        await asyncio.gather(*tasks, _stream(client, url, turns, tell), asyncio.to_thread(_in_thread, url, turns, tell))


async def _ask(client: httpx.AsyncClient, url: str, turns: int, name: str, tell: Tell) -> None:
    history = []
    for turn in range(turns):
        history.append({"role": "user", "content": f"{name} {turn} " + "word " * 30})
        response = await client.post(f"{url}/ask", json={"name": name, "messages": history[-12:]})
        answer = response.json()["answer"]
        history.append({"role": "assistant", "content": f"{answer}"})
        tell(name, turn, (answer, double(answer), random.random(), time.time_ns()))


async def _stream(client: httpx.AsyncClient, url: str, turns: int, tell: Tell) -> None:
    for turn in range(turns):
        async with client.stream("POST", f"{url}/stream", json={"chunks": CHUNKS, "turn": turn}) as response:
            lines = [line async for line in response.aiter_lines()]
        tell("stream", turn, "\n".join(lines))


def _in_thread(url: str, turns: int, tell: Tell) -> None:
    with httpx.Client(verify=False) as client:
        _ask_in_turn(client, url, turns, "thread", tell)


def _ask_in_turn(client: httpx.Client, url: str, turns: int, name: str, tell: Tell) -> None:
    for turn in range(turns):
        tell(name, turn, client.post(f"{url}/ask", json={"name": name, "turn": turn}).json()["answer"])
