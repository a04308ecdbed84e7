"""The proof in figures: each agent recorded once, and replayed many times in all weathers and under other hash seeds.

``python -m tests.determinism.table [AGENT …]`` prints a line for each agent and exits 1 when any replay was not exact.
Every replay is one of an unchanged agent, so whatever is said about it is a false alarm.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.determinism.agents import AGENTS, ALL, FAMILIES, HASHED
from tests.determinism.harness import Weather, flaws, program_flaws, record, record_program
from tests.determinism.server import random_server

REPLAYS = 8
"""In the process that recorded, the first in calm weather; children of the command line join none of these, and are
replayed as often as programs."""

SEEDS = ("1", "2", "3")
PATIENCE = 240
"""Seconds for one agent."""


def measured(name: str) -> dict[str, list[str]]:
    """The flaws of each replay of the agent ``name``, in words; an empty word for an exact one."""
    with tempfile.TemporaryDirectory(prefix="replay-") as folder, random_server() as url:
        own = record(name, url, Path(folder)) if name in AGENTS else None
        program = record_program(name, url, Path(tempfile.mkdtemp(dir=folder)))
        seeds = SEEDS if name in AGENTS else ("0",) * (REPLAYS + len(SEEDS))
        weathers = [None, *(Weather.rough(seed) for seed in range(REPLAYS - 1))]
        return {
            "in process": ["; ".join(flaws(own, weather)) for weather in weathers] if own is not None else [],
            "programs": ["; ".join(program_flaws(program, hash_seed=seed)) for seed in seeds],
        }


def _apart(name: str) -> dict[str, list[str]]:
    """The same in a process of its own, which may hang or die."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.determinism.table", "--one", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {"in process": [], "programs": [f"no end within {PATIENCE} s"]}
    if done.returncode:
        return {"in process": [], "programs": [(done.stderr.splitlines() or ["died"])[-1]]}
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _exact(flaws: list[str]) -> str:
    return f"{flaws.count('')}/{len(flaws)}" if flaws else "-"


def main(names: list[str]) -> int:
    """Print the table. Returns the exit code."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"no such agent: {', '.join(unknown)}", file=sys.stderr)
        return 2
    replays = alarms = 0
    print(f"{'agent':32}{'in process':>12}{'programs':>10}{'seconds':>9}")
    for name in names:
        began = time.monotonic()
        found = _apart(name)
        told = [*found["in process"], *found["programs"]]
        replays, alarms = replays + len(told), alarms + sum(map(bool, told))
        seconds = time.monotonic() - began
        print(f"{name:32}{_exact(found['in process']):>12}{_exact(found['programs']):>10}{seconds:9.1f}", flush=True)
        for flaw in dict.fromkeys(filter(None, told)):
            print(f"  {flaw[:300]}")
    print(f"{len(names)} agents, {replays} clean replays, {alarms} false alarms")
    return int(alarms > 0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--one"]:
        print("\n" + json.dumps(measured(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1:] or [name for name in ALL if name in {**AGENTS, **HASHED, **FAMILIES}]))
