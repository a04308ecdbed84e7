"""The support agent, recorded against the model server, and played again with something replaced."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import replay
from replay.dialects.cassette import Cassette
from replay.engine.result import Result
from replay.errors import ReplayError
from replay.testing import ModelServer

EXAMPLES = Path(__file__).parents[3] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Played:
    """``said``: the agent's answer; ``error``: what ended it instead. ``calls``: requests that reached the server."""

    said: str
    error: ReplayError | None
    result: Result
    fork: Cassette
    calls: int

    @property
    def origins(self) -> dict[str, int]:
        """How many steps of each origin the fork has, without what is in the bodies of served tools."""
        found: dict[str, int] = {}
        for event in self.fork.events:
            if "/c" not in event.lineage:
                found[event.origin] = found.get(event.origin, 0) + 1
        return found

    def first(self, parent: Path) -> Any:
        """The first row of the diff with ``parent``."""
        return replay.diff(parent, self.fork.path).first


@dataclass(frozen=True, slots=True)
class Stage:
    """``ask``: runs the agent. ``cassette``: its recording."""

    ask: Callable[[], str]
    cassette: Path
    models: ModelServer
    folder: Path

    def play(self, *swaps: Any, of: Path | None = None, live: bool = True, **options: Any) -> Played:
        """Play the recording, or the fork ``of`` it, and keep what it did as another fork."""
        self.models.reset()
        path = self.folder / f"fork{len(list(self.folder.glob('fork*')))}.cassette"
        options.setdefault("on_divergence", "live" if live else "raise")
        said, error = "", None
        run = replay.play(of or self.cassette, swaps=swaps, save=path, **options)
        try:
            with run:
                said = self.ask()
        except ReplayError as ended:
            error = ended
        if not path.exists():
            raise error
        return Played(said, error, run.result, replay.open(path), self.models.calls)

    def plays_alone(self, played: Played) -> None:
        """The fork is a cassette like any other: with the server untouched, the same comes out."""
        self.models.reset()
        with replay.play(played.fork.path) as run:
            assert self.ask() == played.said
        assert run.result.identical, run.result
        assert self.models.calls == 0


def ask_openai(agent: ModuleType) -> str:
    return asyncio.run(agent.main(agent.QUESTION))
