"""A few of the 500 kills that ``make soak`` does, and disks that are full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from replay.cassette import Reader

ROOT = Path(__file__).parents[2]
DEADLINE = 240

FILLS_UP = """
import resource, signal, sys
import httpx
import replay
from tests.determinism.server import random_server
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with random_server() as url, httpx.Client() as client:
    with replay.record(sys.argv[1]) as run:
        answers = []
        for turn in range(40):
            if turn == 10 and sys.argv[2]:
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
            if turn == 30 and sys.argv[2]:
                resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
            answers.append(client.post(url + "/ask", json={"turn": turn, "text": "word " * 300}).json()["answer"])
        run.output(len(answers))
assert len(answers) == 40 and all(type(answer) is int for answer in answers)
print(len(run.result.gaps), run.result.gaps[0])
"""


def recorded(path: Path, limit: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FILLS_UP, str(path), limit],
        cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_killed_at_any_moment_nothing_that_was_heard_is_lost():
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--kills", "6"], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("6 kills, ")


def test_a_disk_that_is_full_for_a_while_leaves_the_answers_alone_and_a_gap_in_the_file(tmp_path: Path):
    path = tmp_path / "run.cassette"
    said = recorded(path, str(24_000))
    assert "could not be written" in said
    reader = Reader(str(path))
    assert len(reader) >= 20
    assert [note.kind for note in reader.notes].count("gap") >= 1
    assert sum(event.answer is None for event in reader.events) <= 1  # whose answer came when the disk was full


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 64 KB, for whoever may mount one."""
    if os.geteuid() != 0 or sys.platform != "linux":
        yield None
        return
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True)
    yield tmp_path if made.returncode == 0 else None
    if made.returncode == 0:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_disk_that_stays_full_leaves_the_answers_alone(small_disk: Path | None, tmp_path: Path):
    place = small_disk or tmp_path
    (place / "ballast").write_bytes(bytes(44_000))
    said = recorded(place / "run.cassette", "" if small_disk else str(12_000))
    assert "could not be written" in said
    reader = Reader(str(place / "run.cassette"))
    assert reader.cut is not None
    assert all(event.answer and event.answer.end for event in list(reader.events)[:3])
