"""A divergence comes out, whatever stands between it and the caller; and retries are recorded one by one."""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextlib import suppress
from typing import Any

import pytest
import requests
from langgraph.graph import END, START, MessagesState, StateGraph

import replay
from replay.testing import Reply
from tests.sdk import anthropic_agents, langchain_agents, openai_agents
from tests.sdk.stage import World, check, no_connections, perform

ASKED = "Hello, my kettle leaks."


def retried(world: World) -> Any:
    with openai_agents.client(world, max_retries=5) as client:
        return client.chat.completions.create(**openai_agents.CHAT).model_dump()


async def retried_async(world: World) -> Any:
    async with openai_agents.aclient(world, max_retries=5) as client:
        return (await client.chat.completions.create(**openai_agents.CHAT)).model_dump()


def retried_by_anthropic(world: World) -> Any:
    with anthropic_agents.client(world, max_retries=5) as client:
        return client.messages.create(**anthropic_agents.HELLO).model_dump()


@pytest.mark.parametrize("agent", [retried, retried_async, retried_by_anthropic])
def test_each_attempt_of_an_sdk_is_an_exchange_and_replays(agent, world: World) -> None:
    world.models.script([Reply(status=429, headers={"retry-after-ms": "1", "retry-after": "0.001"})] * 2)
    check(agent, world)
    assert [event.answer.head.status for event in replay.open(world.cassette).events] == [429, 429, 200]


# Agents that swallow everything they can -----------------------------------------------------------------------------
# The line that makes the call carries the comment "here".


def by_openai(world: World, question: str) -> Any:
    with suppress(Exception), openai_agents.client(world, max_retries=5) as client:
        messages: Any = [{"role": "user", "content": question}]
        return client.chat.completions.create(model="m", messages=messages).id  # here


async def by_openai_async(world: World, question: str) -> Any:
    async with openai_agents.aclient(world, max_retries=5) as client:
        with suppress(Exception):
            return (await client.responses.create(model="m", input=question)).id  # here


async def in_gathered_tasks(world: World, question: str) -> Any:
    async def ask(client: Any) -> Any:
        messages: Any = [{"role": "user", "content": question}]
        return (await client.chat.completions.create(model="m", messages=messages)).id  # here

    async with openai_agents.aclient(world, max_retries=5) as client:
        answers = await asyncio.gather(ask(client), ask(client), return_exceptions=True)
        return [str(answer) for answer in answers]


def on_threads(world: World, question: str) -> Any:
    answers: list[str] = []

    def ask() -> None:
        with suppress(Exception):
            answer = requests.post(f"{world.openai}/responses", json={"model": "m", "input": question})  # here
            answers.append(answer.text)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def by_langgraph(world: World, question: str) -> Any:
    model = langchain_agents.model(world)

    def ask(state: MessagesState) -> Any:
        try:
            return {"messages": [model.with_retry().invoke(question)]}  # here
        except Exception:
            return {"messages": []}

    graph = StateGraph(MessagesState)
    graph.add_node("left", ask)
    graph.add_node("right", ask)
    for node in ("left", "right"):
        graph.add_edge(START, node)
        graph.add_edge(node, END)
    return len(graph.compile().invoke({"messages": []})["messages"])


SWALLOWERS = [by_openai, by_openai_async, in_gathered_tasks, on_threads, by_langgraph]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # how it unwinds a thread
@pytest.mark.parametrize("agent", SWALLOWERS)
def test_a_changed_prompt_ends_the_replay_and_names_the_line(agent, world: World) -> None:
    with replay.record(world.cassette):
        perform(lambda world: agent(world, ASKED), world)
    world.end()
    with no_connections(), pytest.raises(replay.DivergenceError) as caught, replay.play(world.cassette) as run:
        perform(lambda world: agent(world, "Hello, my toaster leaks."), world)
    assert caught.value.where == _place(agent)
    assert run.result.divergences and not run.result.identical
    assert {divergence.where for divergence in run.result.divergences} == {_place(agent)}
    assert b"toaster" in run.result.divergences[0].asked.body


def _place(agent: Any) -> str:
    lines, first = inspect.getsourcelines(agent)
    (number,) = [number for number, line in enumerate(lines, first) if line.rstrip().endswith("# here")]
    return f"tests/sdk/test_divergence.py:{number}"


def test_a_call_too_many_ends_the_replay(world: World) -> None:
    with replay.record(world.cassette):
        openai_agents.chat(world)
    world.end()
    with no_connections(), pytest.raises(replay.DivergenceError), replay.play(world.cassette) as run:
        openai_agents.chat(world)
        openai_agents.chat(world)
    assert run.result.served == 3


def test_a_call_too_few_is_no_identical_replay(world: World) -> None:
    with replay.record(world.cassette):
        openai_agents.chat(world)
        openai_agents.responses(world)
    world.end()
    with no_connections(), replay.play(world.cassette) as run:
        openai_agents.chat(world)
    assert len(run.result.unused) == 3
    assert not run.result.identical
