"""Equal calls at the same time: each caller gets its own answer again."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import requests

import replay
from replay.testing import Reply
from tests.sdk.openai_agents import CHAT, aclient
from tests.sdk.stage import World, play, record

IN_FLIGHT = 20
THREADS = 8
CALLS = 5


async def by_httpx(world: World) -> Any:
    async with httpx.AsyncClient(base_url=world.openai, timeout=30) as client:

        async def ask() -> str:
            answer = await client.post("/chat/completions", json=CHAT)
            return answer.json()["choices"][0]["message"]["content"]

        return await asyncio.gather(*[ask() for _ in range(IN_FLIGHT)])


async def by_openai(world: World) -> Any:
    async with aclient(world) as client:
        answers = await asyncio.gather(*[client.chat.completions.create(**CHAT) for _ in range(IN_FLIGHT)])
        return [answer.choices[0].message.content for answer in answers]


@pytest.mark.parametrize("agent", [by_httpx, by_openai])
def test_twenty_equal_requests_answered_out_of_order_keep_their_answers(agent, world: World) -> None:
    last_first = [Reply(say=f"answer {number}", delay=0.01 * (IN_FLIGHT - number)) for number in range(IN_FLIGHT)]
    world.models.script(last_first)
    recorded = record(agent, world)
    assert len(set(recorded)) == IN_FLIGHT
    events = replay.open(world.cassette).events
    heads = [event.answer.head_tick for event in sorted(events, key=lambda event: event.tick)]
    assert heads != sorted(heads), "the answers were to come out of order"
    world.end()
    for _ in range(3):
        value, result = play(agent, world)
        assert value == recorded
        assert result.identical, result
        assert result.served == IN_FLIGHT


def _ask(session: Any, world: World) -> str:
    answer: str = session.post(f"{world.openai}/chat/completions", json=CHAT, timeout=30).json()["id"]
    return answer


def one_session_shared(world: World) -> Any:
    with requests.Session() as session:
        return _on_threads(lambda: [_ask(session, world) for _ in range(CALLS)])


def one_session_each(world: World) -> Any:
    def work() -> list[str]:
        with requests.Session() as session:
            return [_ask(session, world) for _ in range(CALLS)]

    return _on_threads(work)


def in_a_pool(world: World) -> Any:
    with requests.Session() as session, ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda _: _ask(session, world), range(THREADS * CALLS)))


def _on_threads(work: Any) -> list[str]:
    found: dict[int, list[str]] = {}
    threads = [
        threading.Thread(target=lambda number=number: found.update({number: work()})) for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [id for number in range(THREADS) for id in found[number]]


@pytest.mark.parametrize("agent", [one_session_shared, one_session_each, in_a_pool])
def test_forty_calls_on_eight_threads_keep_their_answers(agent, world: World) -> None:
    recorded = record(agent, world)
    assert len(set(recorded)) == THREADS * CALLS
    world.end()
    for _ in range(3):
        value, result = play(agent, world)
        assert value == recorded
        assert result.identical, result
        assert result.served == THREADS * CALLS
