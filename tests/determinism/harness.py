"""Recording an agent once, and replaying it in all weathers."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import replay
from replay.cassette import Reader
from replay.cassette.hash import event_hash
from replay.cli.launch import launch
from replay.engine import spawn
from replay.engine.plan import Plan
from replay.engine.result import Result
from replay.engine.session import Session
from replay.errors import DivergenceError
from tests.determinism.agents import ALL, run

PROVING = bool(os.environ.get("REPLAY_PROVE"))
"""Whether the whole proof was asked for (``make prove``), not just the part of it that is quick."""

SLOWEST = 0.004
"""Seconds of the injected delays: well under the time after which a replay takes a silent thread for blocked."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A run of the agent ``name`` in the world. ``hash`` covers all that crossed the boundary, and the value."""

    name: str
    url: str
    path: Path
    value: Any
    hash: str


@dataclass(slots=True)
class Weather:
    """What the machine does to a run; all of it is thrown from ``seed``, and ``log`` tells what was done.

    ``switch``: seconds between two switches of the interpreter's threads; ``chance``: of a delay, where a thread or
    work item starts and where a request is made.
    """

    seed: int = 0
    switch: float = 0.005
    chance: float = 0.0
    state: int = 0
    log: list[str] = field(default_factory=list)

    @classmethod
    def rough(cls, seed: int) -> Weather:
        return cls(seed, (1e-6, 1e-4, 0.02)[seed % 3], (0.1, 0.5)[seed % 2])

    def delay(self, place: str) -> None:
        """Neither by ``random`` nor by ``time.sleep``, which a session stands in for."""
        if self._dice() < self.chance:
            seconds = self._dice() * SLOWEST
            self.log.append(f"{place} {seconds * 1000:.1f} ms")
            select.select([], [], [], seconds)

    def _dice(self) -> float:
        """From 0 to 1 (a linear congruential generator, Knuth's MMIX)."""
        self.state = ((self.state or self.seed) * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state / 2**64

    def __str__(self) -> str:
        return f"seed {self.seed}, switch interval {self.switch} s, delays: {', '.join(self.log) or 'none'}"

    @contextmanager
    def lasts(self) -> Iterator[None]:
        """The weather of this process until it is left."""
        start, issue, switch = spawn._start_in_turn, Session.issue, sys.getswitchinterval()

        def late_start(node: Any) -> None:
            self.delay(f"start of {node.address}")
            start(node)

        def late_issue(session: Session, request: Any) -> Any:
            self.delay(f"issue of {request.target}")
            return issue(session, request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spawn, "_start_in_turn", late_start)
            patch.setattr(Session, "issue", late_issue)
            sys.setswitchinterval(self.switch)
            try:
                yield
            finally:
                sys.setswitchinterval(switch)


@contextmanager
def hogs(count: int = 2) -> Iterator[None]:
    """Processes that take what they can of the machine."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def record(name: str, url: str, folder: Path) -> Recording:
    path = folder / f"{name}.cassette"
    with replay.record(path) as recorded:
        value = run(ALL[name], url)
        recorded.output(value)
    return Recording(name, url, path, value, hash_of(path))


def record_program(name: str, url: str, folder: Path) -> Recording:
    """The same in a process of its own, with the hash seed 0, as ``replay record`` does it."""
    path = folder / f"{name}.cassette"
    value, result = _launched(name, url, Plan("record", str(path)), "0")
    assert result is not None and result.finished == len(result.lineages)
    return Recording(name, url, path, value, hash_of(path))


def program_flaws(recording: Recording, hash_seed: str = "0") -> list[str]:
    """:func:`flaws` of a replay in a process of its own."""
    fork = recording.path.with_suffix(".fork")
    plan = Plan("play", str(recording.path), save=str(fork))
    value, result = _launched(recording.name, recording.url, plan, hash_seed)
    found = differences(result) if result is not None else ["no session"]
    return found + _differences(recording, value, fork)


def _launched(name: str, url: str, plan: Plan, hash_seed: str) -> tuple[Any, Result | None]:
    said = Path(plan.cassette).with_suffix(".out")
    with said.open("w") as stdout:
        argv = (sys.executable, "-m", "tests.determinism.agents", name, url)
        outcome = launch(argv, plan, hash_seed=hash_seed, streams={"stdout": stdout})
    text = said.read_text()
    return (json.loads(text) if outcome.code == 0 and text else f"exit code {outcome.code}"), outcome.result


def hash_of(path: Path) -> str:
    reader = Reader(str(path))
    outputs = [note.data for note in reader.notes if note.kind == "output"]
    return event_hash(reader.events, outputs)


def flaws(recording: Recording, weather: Weather | None = None) -> list[str]:
    """What tells a replay of ``recording`` from it, in words; nothing, if it is faithful."""
    fork = recording.path.with_suffix(".fork")
    session, value, found = None, None, []
    try:
        with (weather or Weather()).lasts(), replay.play(recording.path, save=fork) as session:
            value = run(ALL[recording.name], recording.url)
            session.output(value)
    except DivergenceError as error:
        found.append(f"diverged: {error.message}")
    except Exception as error:
        found.append(f"raised {error!r}")
    found += differences(session.result) if session is not None else []
    found += _differences(recording, value, fork)
    return [*found, str(weather)] if found and weather is not None else found


def _differences(recording: Recording, value: Any, fork: Path) -> list[str]:
    found = []
    if value != recording.value:
        found.append(f"value: {shortened(value)} instead of {shortened(recording.value)}")
    if hash_of(fork) != recording.hash:
        found.append("the fork's event hash is not the recording's")
    return found


def differences(result: Result) -> list[str]:
    """Why ``result`` is not identical."""
    if result.identical:
        return []
    shown = {name: value for name, value in result.to_dict().items() if value and name not in _CALM}
    return [f"not identical: {shown}"]


_CALM = ("mode", "lineages", "finished", "served", "ignored", "divergences")


def shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 400 else f"{text[:400]}…"
