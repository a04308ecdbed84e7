"""Where an agent is recorded against real sockets, and then replayed with nothing left to connect to."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import replay
from replay.engine.result import Result
from replay.taps.boundary import inside
from replay.testing import ModelServer
from tests.sdk.door import Door
from tests.sdk.mcp_shop import Shop
from tests.taps.server import Server

Agent = Callable[["World"], Any]


class Web(Server):
    """The scripted server, which is no part of the program under test although it shares its process."""

    def _accept(self) -> None:
        with inside():
            super()._accept()

    def _request(self, reader: socket.SocketIO) -> str:
        """Scripts go by the path alone."""
        return super()._request(reader).partition("?")[0]


@dataclass(frozen=True, slots=True)
class World:
    """What an agent can reach: models through a door of its own, a web server, a file of its own, and an MCP shop."""

    models: ModelServer
    door: Door
    web: Web
    cassette: Path
    shop: Shop | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    @property
    def openai(self) -> str:
        return f"{self.url}/v1"

    def end(self) -> None:
        """From here on every address the agent knows refuses connections."""
        self.door.shut()
        self.web.stop()


def perform(agent: Agent, world: World) -> Any:
    value = agent(world)
    return asyncio.run(value) if inspect.iscoroutine(value) else value


def record(agent: Agent, world: World) -> Any:
    with replay.record(world.cassette) as run:
        value = perform(agent, world)
    assert run.result.recorded and not run.result.gaps
    return value


def play(agent: Agent, world: World) -> tuple[Any, Result]:
    """The value and the verdict of a replay in which any attempt to connect fails the test."""
    with no_connections(), replay.play(world.cassette) as run:
        value = perform(agent, world)
    return value, run.result


def check(agent: Agent, world: World, times: int = 1) -> Any:
    """Record ``agent``, end its world, replay it: the same value, and a verdict that says so. The value."""
    recorded = record(agent, world)
    world.end()
    for _ in range(times):
        value, result = play(agent, world)
        assert value == recorded
        assert result.identical, result
        assert result.live == 0 and result.served > 0
    return recorded


@contextmanager
def no_connections() -> Iterator[None]:
    """Whoever tries to connect or to resolve a name meanwhile fails the test, also when the program swallows it."""
    attempts: list[object] = []

    def refuse(*args: object, **options: object) -> object:
        attempts.append(args[-1])
        raise OSError("a replay tried to connect")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield
    assert attempts == []
