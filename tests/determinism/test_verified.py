"""No false alarm: what ``replay verify`` says about agents that did not change."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import replay
from tests.determinism.agents import AGENTS, FAMILIES, HASHED
from tests.determinism.harness import PROVING, record_program
from tests.determinism.server import random_server

SOME = ["queue_workers_in_threads"]


@pytest.mark.parametrize("name", [*AGENTS, *HASHED, *FAMILIES] if PROVING else SOME)
def test_an_unchanged_agent_is_identical_in_any_weather_under_any_seed(name: str, tmp_path: Path) -> None:
    with random_server() as url:
        recording = record_program(name, url, tmp_path)
    seeds = [1, "random"] if name in AGENTS else []
    command = (sys.executable, "-m", "tests.determinism.agents", name, url)
    found = replay.verify(recording.path, times=2, shuffle=True, seeds=seeds, command=command)
    assert found.failed == ()
    assert {attempt.event_hash for attempt in found.attempts} == {found.event_hash}
