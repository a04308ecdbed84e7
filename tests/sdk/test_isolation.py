"""A replay needs no network and makes no connection; and sessions side by side do not mix."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import replay
from tests.sdk import anthropic_agents, langchain_agents, openai_agents
from tests.sdk.stage import World, perform, record

SCRIPT = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
import replay
from tests.sdk import openai_agents
from tests.sdk.stage import perform

cassette, url = sys.argv[1:]
world = SimpleNamespace(url=url, openai=f"{url}/v1")
values = []
with replay.play(cassette) as run:
    for agent in (openai_agents.chat, openai_agents.chat_streamed_async, openai_agents.chat_tool_loop):
        values.append(perform(agent, world))
print(json.dumps([values, run.result.identical, run.result.live]))
"""


def without_network() -> list[str]:
    """The command that runs another one with no network at all; empty where the system does not let us.

    There, the counter at the door alone says that nothing was asked.
    """
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            if subprocess.run([*command, "true"], capture_output=True, timeout=10).returncode == 0:
                return command
        except OSError:  # no such command here
            return []
    return []


def test_a_replay_in_another_process_needs_no_network_at_all(world: World) -> None:
    with replay.record(world.cassette):
        recorded = [
            perform(agent, world)
            for agent in (openai_agents.chat, openai_agents.chat_streamed_async, openai_agents.chat_tool_loop)
        ]
    before = (world.door.connections, world.models.calls)
    run = subprocess.run(
        [*without_network(), sys.executable, "-c", SCRIPT, str(world.cassette), world.url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [json.loads(json.dumps(recorded)), True, 0]
    assert (world.door.connections, world.models.calls) == before


@pytest.mark.parametrize(
    "agent",
    [
        openai_agents.chat_stream_helper_async,
        openai_agents.responses_over_aiohttp,
        anthropic_agents.tool_loop,
        langchain_agents.parallel_nodes,
    ],
)
def test_a_replay_asks_nothing_of_a_server_that_is_still_there(agent, world: World) -> None:
    recorded = record(agent, world)
    before = (world.door.connections, world.models.calls)
    with replay.play(world.cassette) as run:
        assert perform(agent, world) == recorded
    assert run.result.identical
    assert (world.door.connections, world.models.calls) == before


async def _serve_one(world: World, path: Path, question: str, session: Any) -> Any:
    """What a service does for one request: a session of its own, in the task that handles the request."""
    with session(path) as run:
        async with openai_agents.aclient(world) as client, httpx.AsyncClient(base_url=world.url) as shop:
            asked: Any = {"model": "m", "messages": [{"role": "user", "content": question}]}
            answers = await asyncio.gather(*[client.chat.completions.create(**asked) for _ in range(3)])
            order = await shop.get("/orders/7")
            value = [answer.id for answer in answers], order.json()
    return value, run.result


def test_two_sessions_at_the_same_time_do_not_mix(world: World) -> None:
    paths = [world.cassette.with_name(f"{name}.cassette") for name in ("one", "two", "three")]

    async def serve(session: Any, questions: list[str]) -> list[Any]:
        tasks = [_serve_one(world, path, question, session) for path, question in zip(paths, questions, strict=True)]
        return await asyncio.gather(*tasks)

    questions = ["Where is order 7?", "Hello, my kettle leaks.", "Where is order 7?"]
    recorded = asyncio.run(serve(replay.record, questions))
    assert [result.recorded for _, result in recorded] == [4, 4, 4]
    world.end()
    replayed = asyncio.run(serve(replay.play, questions))
    assert [value for value, _ in replayed] == [value for value, _ in recorded]
    assert all(result.identical for _, result in replayed), [result for _, result in replayed]
    bodies = [{event.request.body for event in replay.open(path).events if event.request.body} for path in paths]
    assert [len(one) for one in bodies] == [1, 1, 1]
    assert bodies[0] == bodies[2] != bodies[1]
