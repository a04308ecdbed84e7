"""The table: real clients over real sockets, recorded, then replayed with nothing left to connect to."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.sdk.stage import World, check

CLIENTS = ("openai", "anthropic", "google", "langchain", "httpx", "requests", "aiohttp")
ROWS = [
    pytest.param(agent, id=f"{name}-{agent.__name__}")
    for name in CLIENTS
    for agent in import_module(f"tests.sdk.{name}_agents").AGENTS
]


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")  # google-genai subclasses aiohttp's session
@pytest.mark.parametrize("agent", ROWS)
def test_a_replay_gives_the_recorded_value_without_a_network(agent, world: World) -> None:
    assert check(agent, world)
