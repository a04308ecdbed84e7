"""The same through the command line's launcher: other processes, other addresses, other hash seeds."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.determinism.agents import AGENTS, FAMILIES, HASHED
from tests.determinism.harness import PROVING, program_flaws, record_program
from tests.determinism.server import random_server

SEEDS = ("1", "2", "3")
SOME = ["race_with_losers", "queue_workers_in_threads", "cancelled_group"]
PLAYS = [*product(AGENTS, SEEDS)] if PROVING else [*zip(SOME, SEEDS, strict=True)]


@pytest.mark.parametrize(("name", "seed"), PLAYS)
def test_a_program_comes_again_under_any_hash_seed(name: str, seed: str, tmp_path: Path) -> None:
    with random_server() as url:
        recording = record_program(name, url, tmp_path)
    assert program_flaws(recording, hash_seed=seed) == []


@pytest.mark.parametrize("name", [*HASHED, *FAMILIES])
def test_a_program_that_needs_its_seed_or_its_children_comes_again(name: str, tmp_path: Path) -> None:
    with random_server() as url:
        recording = record_program(name, url, tmp_path)
    assert program_flaws(recording) == []
