"""``@replay.tool`` and spans: what a tool gave is served, and its body does not run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import replay
from tests.sdk import openai_agents
from tests.sdk.stage import World, check, no_connections

RAN: list[str] = []
"""The tools whose bodies ran."""


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@dataclass
class Order:
    number: int
    lines: list[str]


class Parcel(BaseModel):
    city: str
    days: int


class LostParcelError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(f"parcel {number} is lost")
        self.number = number


@replay.tool
def plain(number: int, *, note: str = "") -> dict[str, Any]:
    RAN.append("plain")
    return {"number": number, "note": note}


@replay.tool(name="renamed")
async def coroutine(number: int) -> list[int]:
    RAN.append("coroutine")
    await asyncio.sleep(0)
    return [number, number]


@replay.tool
def items(number: int) -> Iterator[int]:
    RAN.append("items")
    yield from range(number)


@replay.tool
async def async_items(number: int) -> AsyncIterator[Parcel]:
    RAN.append("async_items")
    for days in range(number):
        yield Parcel(city="Porto", days=days)


@replay.tool
def broken_items(number: int) -> Iterator[int]:
    RAN.append("broken_items")
    yield from range(number)
    raise LostParcelError(number)


@replay.tool
def failing(number: int) -> None:
    RAN.append("failing")
    raise LostParcelError(number)


@replay.tool
def order(number: int) -> Order:
    RAN.append("order")
    return Order(number, ["kettle"])


@replay.tool
async def parcels() -> list[Parcel]:
    RAN.append("parcels")
    return [Parcel(city="Porto", days=2)]


@replay.tool(effect="write")
def refund(number: int, amount: float) -> str:
    RAN.append("refund")
    return f"rf_{number}_{amount}"


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name

    @replay.tool
    def stock(self, article: str) -> int:
        RAN.append("stock")
        return len(article)


def calls(world: World) -> Any:
    seen: list[Any] = [plain(7, note="urgent"), plain(note="", number=8), order(9), refund(9, 2.5)]
    seen += [Shop("north").stock("kettle"), list(items(3))]
    for tool in (failing, lambda number: list(broken_items(number))):
        with pytest.raises(LostParcelError) as lost:
            tool(4)
        seen.append((str(lost.value), lost.value.number))
    return seen


async def async_calls(world: World) -> Any:
    seen: list[Any] = [await parcels(), [item async for item in async_items(3)]]
    seen.append(await asyncio.gather(*[coroutine(number % 2) for number in range(6)]))
    async for item in async_items(3):
        seen.append(item)
        break
    return seen


@pytest.mark.parametrize("agent", [calls, async_calls])
def test_a_tool_gives_its_recorded_value_and_does_not_run(agent, world: World) -> None:
    check(agent, world)
    ran = len(RAN)
    assert ran
    with replay.play(world.cassette):
        asyncio.run(async_calls(world)) if agent is async_calls else calls(world)
    assert len(RAN) == ran


def test_tools_that_compute_on_threads_side_by_side_are_served_in_the_recorded_order(world: World) -> None:
    @replay.tool
    async def on_a_thread(number: int) -> int:
        if number == 2:
            raise LostParcelError(number)
        return await asyncio.to_thread(lambda: number * number)

    async def agent(world: World) -> Any:
        ended = []

        async def one(number: int) -> None:
            try:
                ended.append(await on_a_thread(number))
            except LostParcelError as error:
                ended.append(error.number)

        await asyncio.gather(*[one(number) for number in range(6)])
        return ended

    check(agent, world, times=3)


def test_a_value_comes_back_as_what_the_annotation_says(world: World) -> None:
    recorded = check(calls, world)
    assert isinstance(recorded[2], Order)
    with replay.play(world.cassette):
        assert calls(world)[2] == Order(9, ["kettle"])


def test_a_tool_that_changes_the_world_does_not_run_in_a_replay_that_goes_live(tmp_path: Path) -> None:
    with replay.record(tmp_path / "run.cassette"):
        refund(1, 1.0)
    RAN.clear()
    with pytest.raises(replay.ReplayError), replay.play(tmp_path / "run.cassette", on_divergence="live"):
        refund(1, 99.0)
    assert RAN == []


def test_what_a_tool_asked_of_the_world_is_not_asked_again(world: World) -> None:
    @replay.tool
    def ask_the_model(question: str) -> str:
        messages: Any = [{"role": "user", "content": question}]
        with openai_agents.client(world) as client:
            return client.chat.completions.create(model="m", messages=messages).id

    def agent(world: World) -> Any:
        return [ask_the_model("one"), ask_the_model("one"), openai_agents.chat(world)]

    check(agent, world)
    calls = replay.open(world.cassette).events
    inner = [event for event in calls if event.parent is not None]
    assert [event.request.kind for event in inner] == ["http", "http"]
    assert {event.parent for event in inner} == {event.id for event in calls if event.request.kind == "tool"}


def test_spans_nest_and_hold_what_happened_in_them(world: World) -> None:
    @replay.span("research")
    def research() -> int:
        return plain(2)["number"]

    def agent(world: World) -> Any:
        with replay.span("plan"):
            with replay.span("look"):
                openai_agents.embeddings(world)
            return research()

    check(agent, world)
    events = {event.id: event for event in replay.open(world.cassette).events}

    def path(event: Any) -> list[str]:
        above = [] if event.parent is None else path(events[event.parent])
        return [*above, event.request.target.rpartition("/")[2]]

    assert [path(event) for event in events.values()] == [
        ["plan"],
        ["plan", "look"],
        ["plan", "look", "embeddings"],
        ["plan", "research"],
        ["plan", "research", "plain"],
    ]


def test_a_tool_of_an_agent_without_a_session_is_just_the_function() -> None:
    with no_connections():
        assert plain(1) == {"number": 1, "note": ""}
    assert RAN == ["plain"]
