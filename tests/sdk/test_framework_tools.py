"""Tools of agent frameworks, which nobody marked: recorded, then served with the network gone and not run."""

from __future__ import annotations

from importlib import import_module

import pytest

import replay
from tests.sdk.shop_tools import RAN
from tests.sdk.stage import World, play, record

FRAMEWORKS = ("langgraph", "pydantic_ai", "openai_agents", "smolagents")
LOOPS = [
    pytest.param(loop, id=f"{name}-{loop.__name__}")
    for name in FRAMEWORKS
    for loop in import_module(f"tests.sdk.{name}_loops").AGENTS["tools"]
]


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_tool_loop_is_replayed_without_running_a_tool(loop, world: World) -> None:
    recorded = record(loop, world)
    ran = [name for name in RAN if name != "retried"]
    world.end()
    RAN.clear()
    value, result = play(loop, world)
    assert value == recorded
    assert result.identical, result
    assert RAN == []
    called = [event.request.target for event in replay.open(world.cassette).events if event.request.kind == "tool"]
    assert len(ran) >= 2
    assert len([name for name in called if name in ran]) >= len(ran)
