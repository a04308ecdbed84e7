"""The committed recordings replay: on another day, in another checkout, with nothing listening."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import replay

ROOT = Path(__file__).parent.parent
CASSETTES = sorted((ROOT / "cassettes").glob("*.cassette"))


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_committed_cassette_replays_identically(path):
    done = subprocess.run(
        [sys.executable, "-m", "replay", "play", str(path), "--", sys.executable, f"examples/{path.stem}.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "identical" in done.stderr


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_committed_cassette_is_whole_and_shows_its_tools(path):
    cassette = replay.open(path)
    assert cassette.verify() == []
    assert sorted(cassette.tools) == ["delivery_estimate"] * 2 + ["lookup_order"] * 2 + ["refund_order"]
    assert {step.kind for step in cassette.steps} >= {"llm", "tool", "http"}


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_committed_cassette_names_no_place_of_the_machine_that_made_it(path):
    data = path.read_bytes()
    assert str(ROOT).encode() not in data
    assert str(Path.home()).encode() + b"/" not in data
