"""What the README shows works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_each_python_example_runs(example, tmp_path):
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_command_of_the_table_exists():
    verbs = re.findall(r"^\| `replay (\w+)", README, re.MULTILINE)
    assert verbs
    for verb in verbs:
        done = subprocess.run(
            [sys.executable, "-m", "replay", verb, "--help"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr


def test_every_make_target_it_names_exists():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.findall(r"(?:`|\$ )make (\w+)", README):
        assert f"make {target}" in listed
