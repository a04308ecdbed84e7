"""A few thousand of the million damaged cassettes that ``make fuzz`` makes, and traps for the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.bombs import BOMBS

ROOT = Path(__file__).parents[2]
DEADLINE = 300

CALM = """
import sys
from pathlib import Path
from tests.fuzz.__main__ import by_dice
by_dice(Path(sys.argv[1]), 2000, int(sys.argv[2]), tell=False)
"""

BOMB = """
import resource, sys
from pathlib import Path
from tests.fuzz import exercise
from tests.fuzz.__main__ import LIMIT_MB, peak_mb
exercise.use(Path(sys.argv[1]))
assert peak_mb() < LIMIT_MB, f"{peak_mb():.0f} MB"
"""


def python(code: str, *args: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_but_our_own_error_comes_of_a_damaged_file(tmp_path: Path, seed: int):
    python(CALM, str(tmp_path), str(seed))


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_trap_does_not_take_half_a_gigabyte(tmp_path: Path, name: str):
    path = tmp_path / f"{name}.cassette"
    path.write_bytes(BOMBS[name]())
    assert path.stat().st_size < 20 << 20
    python(BOMB, str(path))
