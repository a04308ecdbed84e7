"""The weather that ``replay verify --shuffle`` puts a program through is really there, and comes again."""

from __future__ import annotations

import sys
from pathlib import Path

from replay.cli.launch import launch
from replay.engine.plan import Plan
from replay.engine.weather import SLOWEST, weather

PROGRAM = """
import sys, threading
thread = threading.Thread(target=print)
thread.start()
thread.join()
print(sys.getswitchinterval())
"""


def test_the_same_number_is_the_same_weather():
    places = [f"start 0/t{number}" for number in range(100)]
    delays = [[weather(number).delay(place) for place in places] for number in (1, 1, 3)]
    assert delays[0] == delays[1] != delays[2]
    assert 10 < sum(delay > 0 for delay in delays[0]) < 90
    assert max(delays[0]) <= SLOWEST
    assert weather(0) is None


def test_a_program_is_run_in_it(tmp_path: Path):
    said = tmp_path / "said"
    plan = Plan("record", str(tmp_path / "run.cassette"), weather=3)
    with said.open("w") as stdout:
        outcome = launch((sys.executable, "-c", PROGRAM), plan, hash_seed="", streams={"stdout": stdout})
    assert outcome.code == 0
    assert float(said.read_text()) == weather(3).switch
