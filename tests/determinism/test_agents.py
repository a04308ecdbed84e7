"""Every agent is recorded once, in a world that is gone afterwards, and replayed in calm and in rough weather."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.determinism.agents import AGENTS
from tests.determinism.harness import PROVING, Weather, flaws, hogs, record
from tests.determinism.server import random_server

ROUGH = 4 if PROVING else 1

# What the agents leave behind on purpose (cancelled tasks, clients that nobody closes) is theirs.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
)


@pytest.mark.parametrize("name", AGENTS)
def test_a_replay_comes_to_the_recorded_value_by_the_recorded_way(name: str, tmp_path: Path) -> None:
    with random_server() as url:
        recording = record(name, url, tmp_path)
    assert flaws(recording) == []
    for seed in range(ROUGH):
        assert flaws(recording, Weather.rough(seed)) == []


@pytest.mark.parametrize("name", AGENTS if PROVING else ["race_with_losers", "shared_list", "loops_in_threads"])
def test_a_run_recorded_and_replayed_on_a_busy_machine_comes_again(name: str, tmp_path: Path) -> None:
    with hogs():
        with random_server() as url:
            recording = record(name, url, tmp_path)
        assert flaws(recording, Weather.rough(1)) == []
    assert flaws(recording) == []


def test_two_runs_in_the_world_differ(tmp_path: Path) -> None:
    with random_server() as url:
        one, other = (record("gather_equal", url, tmp_path / folder) for folder in ("one", "other"))
    assert one.value != other.value
    assert one.hash != other.hash
