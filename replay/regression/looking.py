"""``--replay-ui``: the terminal UI, opened on the first test that did not replay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def look(played: str, last: str, step: int, project: Path) -> int:
    """Run ``replay ui`` on the recording and on what the test did, until its user leaves it. The exit code."""
    command = [sys.executable, "-m", "replay", "ui", played, last, "--step", str(step)]
    return subprocess.run(command, cwd=project, check=False).returncode
