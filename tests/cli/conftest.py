"""Recordings made once, and a copy of them for each test."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import rig


@dataclass(frozen=True, slots=True)
class Recorded:
    """``folder`` holds ``agent.py`` and ``run.cassette``; the server is gone. ``done``: what recording printed."""

    folder: Path
    done: subprocess.CompletedProcess[str]

    @property
    def cassette(self) -> Path:
        return self.folder / "run.cassette"


@pytest.fixture(scope="session")
def original(tmp_path_factory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded here")
    with rig.server() as port:
        (folder / "agent.py").write_text(rig.agent(rig.AGENT, port))
        command = ("record", "-o", "run.cassette", "--tag", "case=greeting", "--", "python", "agent.py", "--order", "7")
        done = rig.replay(*command, cwd=folder)
    return Recorded(folder, done)


@pytest.fixture
def recorded(original, tmp_path) -> Recorded:
    """In another directory, as after a checkout on another machine."""
    folder = tmp_path / "a checkout"
    shutil.copytree(original.folder, folder)
    return Recorded(folder, original.done)
