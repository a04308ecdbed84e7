"""Tools of agent frameworks, which nobody marked. That those of each are served is in ``tests/matrix``."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import requests
from langchain_core.tools import BaseTool, StructuredTool

import replay
from replay.cassette import behaviour
from replay.engine import run as engine_run
from replay.taps.frameworks import called as called_by
from tests.sdk import openai_agents_loops
from tests.sdk.shop_tools import RAN
from tests.sdk.stage import World, no_connections, play, record
from tests.testing.offers import QUESTION


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


class Ledger:
    """What cannot be rebuilt from data: an object of the program's own, with a lock in it."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._lock = threading.Lock()


def called(*tools: BaseTool) -> Any:
    """What a ``ToolNode`` would get of each tool, called with the number 7."""

    def agent(world: World) -> Any:
        results = []
        for tool in tools:
            asked: Any = {"type": "tool_call", "id": "call_1", "name": tool.name, "args": {"number": 7}}
            try:
                results.append(tool.invoke(asked).content)
            except LookupError as error:
                results.append((type(error).__name__, error.args))
        return results

    return agent


def made(function: Any, **options: Any) -> BaseTool:
    return StructuredTool.from_function(function, name=function.__name__, description="A tool.", **options)


def test_a_value_that_is_no_data_is_made_again_and_compared(world: World) -> None:
    totals = [5]

    def open_ledger(number: int) -> tuple[str, Ledger]:
        RAN.append("open_ledger")
        return requests.get(f"{world.web.url}/json", timeout=20).json()["ok"], Ledger(totals[-1] + number)

    ledger = made(open_ledger, response_format="content_and_artifact")
    value = record(called(ledger), world)
    world.end()
    again, result = play(called(ledger), world)
    assert again == value
    assert result.identical, result
    assert RAN == ["open_ledger"] * 2, "the tool itself ran again, and what it asked of the world was served"
    fork = replace(world, cassette=world.cassette.with_name("fork.cassette"))
    with no_connections(), replay.play(world.cassette, on_divergence="live", save=fork.cassette):
        called(ledger)(world)
    assert [event.request.kind for event in replay.open(fork.cassette).events] == ["tool", "http"]
    assert play(called(ledger), fork)[1].identical
    totals.append(6)
    with pytest.raises(replay.DivergenceError, match="came out otherwise"), replay.play(world.cassette):
        called(ledger)(world)


def test_an_error_that_is_no_data_is_raised_again_by_the_tool_itself(world: World) -> None:
    class LostError(LookupError):
        def __init__(self, ledger: Ledger) -> None:
            super().__init__(f"lost {ledger.total}")
            self.ledger = ledger

    def plain(number: int) -> str:
        RAN.append("plain")
        raise LookupError("lost", number)

    def rich(number: int) -> str:
        RAN.append("rich")
        raise LostError(Ledger(number))

    agent = called(made(plain), made(rich))
    value = record(agent, world)
    again, result = play(agent, world)
    assert again == value == [("LookupError", ("lost", 7)), ("LostError", ("lost 7",))]
    assert result.identical, result
    assert RAN == ["plain", "rich", "rich"]


def test_a_marked_function_that_is_a_tool_of_a_framework_counts_once(world: World) -> None:
    @replay.tool(effect="read")
    def marked(number: int) -> int:
        RAN.append("marked")
        return number + 1

    agent = called(made(marked), made(marked))
    record(agent, world)
    assert play(agent, world)[1].identical
    assert [event.request.target for event in replay.open(world.cassette).events] == ["marked", "marked"]
    assert {event.request.effect for event in replay.open(world.cassette).events} == {"read"}
    assert RAN == ["marked"] * 2


def test_a_tool_of_a_framework_is_swapped_by_its_name(world: World) -> None:
    def price(number: int) -> str:
        RAN.append("price")
        return f"{number} EUR"

    agent = called(made(price))
    assert record(agent, world) == ["7 EUR"]
    RAN.clear()
    for by, now in (("free", "free"), (lambda number: f"{2 * number} EUR", "14 EUR")):
        with no_connections(), replay.play(world.cassette, swaps=[replay.swap.tool("pri*", by)]) as run:
            assert agent(world) == [now]
        assert run.result.swapped == 1
    assert RAN == []


def test_a_tool_that_is_called_otherwise_is_a_divergence_and_runs_only_where_that_is_allowed(world: World) -> None:
    def greet(number: int, name: str = "Kim") -> str:
        RAN.append("greet")
        return f"{name} {number}"

    record(called(made(greet)), world)
    RAN.clear()
    changed: Any = {"number": 8}
    with no_connections(), pytest.raises(replay.DivergenceError), replay.play(world.cassette):
        made(greet).invoke(changed)
    assert RAN == []
    with replay.play(world.cassette, on_divergence="live") as run:
        assert made(greet).invoke(changed) == "Kim 8"
    assert run.result.live == 1 and RAN == ["greet"]


def test_an_agent_that_is_a_tool_runs_and_its_own_calls_are_served(world: World) -> None:
    async def agent(world: World) -> Any:
        from agents import Agent, OpenAIChatCompletionsModel, Runner

        async with openai_agents_loops.aclient(world) as openai:
            inner = openai_agents_loops.agent(openai).as_tool("lookup_order", "Look up an order by its number.")
            outer = Agent("boss", tools=[inner], model=OpenAIChatCompletionsModel(openai_agents_loops.MODEL, openai))
            return (await Runner.run(outer, QUESTION)).to_input_list()

    value = record(agent, world)
    world.end()
    again, result = play(agent, world)
    assert again == value
    assert result.identical, result
    events = replay.open(world.cassette).events
    assert not any(event.parent for event in events), "the inner agent's calls are steps of their own"


def test_a_cassette_from_before_tools_were_events_keeps_replaying_by_its_rules(world: World) -> None:
    def ask(number: int) -> bool:
        RAN.append("ask")
        return requests.get(f"{world.web.url}/json", timeout=20).json()["ok"]

    agent = called(made(ask))
    with pytest.MonkeyPatch.context() as patch:
        older = {name: rule for name, rule in behaviour.CURRENT.items() if name != "frameworks"}
        patch.setattr(engine_run, "CURRENT", older)
        patch.setattr(called_by, "session_for", lambda function: None)
        value = record(agent, world)
    world.end()
    again, result = play(agent, world)
    assert again == value
    assert result.identical, result
    assert RAN == ["ask"] * 2


def test_no_cassette_makes_a_marked_tool_run_again(world: World) -> None:
    def refund(number: int) -> Any:
        RAN.append("refund")
        return Ledger(number)

    record(lambda world: refund_of(made(refund)), world)
    RAN.clear()
    with pytest.raises(replay.CassetteError), replay.play(world.cassette):
        replay.tool(effect="write")(refund)(7)
    assert RAN == []


def refund_of(tool: BaseTool) -> int:
    return tool.invoke({"number": 7}).total
