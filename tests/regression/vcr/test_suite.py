"""A suite written for pytest-recording, of several clients, passes unchanged with ``--replay-vcr``."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from tests.regression.vcr.server import serving

SUITE = Path(__file__).parent / "suite"
TESTS = 60


def test_a_suite_that_pytest_recording_recorded_passes_unchanged(suite, monkeypatch):
    for file in SUITE.glob("*.py"):
        name = "conftest.py" if file.stem == "conftest_" else file.name.replace("with_", "test_")
        shutil.copy(file, suite.path / name)
    with serving() as server:
        port = server.server_port
        monkeypatch.setenv("SUITE_URL", f"http://127.0.0.1:{port}")
        suite.plain("-p", "recording", "--record-mode=new_episodes").assert_outcomes(passed=TESTS)
        asked = next(server.numbers)
    assert asked > TESTS
    with socket.socket() as link:
        assert link.connect_ex(("127.0.0.1", port)) != 0, "the server is still there"
    files = {path: path.read_bytes() for path in suite.path.glob("cassettes/**/*.*")}
    suite.plain("-p", "recording").assert_outcomes(passed=TESTS)
    beside = suite.run("-p", "recording")
    beside.assert_outcomes(passed=TESTS)
    alone = suite.pytester.runpytest_subprocess("--replay-vcr", "-p", "no:recording", timeout=120)
    alone.assert_outcomes(passed=TESTS)
    said = "replay: vcr: 78 requests of 58 tests answered, 1 recorded and not asked for"
    assert said in beside.outlines
    assert said in alone.outlines
    assert {path: path.read_bytes() for path in suite.path.glob("cassettes/**/*.*")} == files
