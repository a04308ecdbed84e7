"""What a replayed test costs: 500 tests of one call with a cassette each, under our plugin and under pytest-recording,
over the same tests on a ``MockTransport`` without any plugin. CPU time of the whole process, its start included."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench.loopback import serving
from tests.bench.rounds import spread
from tests.bench.row import Bench, Row
from tests.bench.traffic import PATH

TESTS = 500
ROUNDS = 5
BUDGET = 3.0
"""Milliseconds a test."""

SUITE = """
import httpx, os, pytest
from tests.bench.traffic import HEADERS, answer, number_in, prompt

URL = os.environ["BENCH_URL"]
MARK = {"replay": [pytest.mark.replay], "recording": [pytest.mark.vcr]}.get(os.environ["BENCH_SUBJECT"], [])
pytestmark = MARK

@pytest.fixture(scope="session")
def client():
    def handle(request):
        return httpx.Response(200, headers=HEADERS, content=answer(number_in(request.content)))
    transport = None if MARK else httpx.MockTransport(handle)
    with httpx.Client(transport=transport) as client:
        yield client

@pytest.mark.parametrize("number", range(TESTS))
def test_call(client, number):
    assert client.post(URL, content=prompt(number), headers=HEADERS).json()["id"] == f"chatcmpl-{number:08d}"
""".replace("TESTS", str(TESTS))

INI = """
[pytest]
markers =
    replay: ours
    vcr: pytest-recording's
"""

PLUGINS = {"mock": (), "replay": ("-p", "replay"), "recording": ("-p", "recording")}
RECORDING = {"replay": ("--replay-mode", "once"), "recording": ("--record-mode", "once")}


def run(directory: Path, large: bool) -> Iterable[Row]:
    folder = directory / "plugin"
    folder.mkdir()
    (folder / "pytest.ini").write_text(INI)
    (folder / "test_calls.py").write_text(SUITE)
    with serving() as server:
        url = server + PATH
        for subject, flags in RECORDING.items():
            _seconds(folder, subject, url, *flags)
    turns = [{subject: _seconds(folder, subject, url) for subject in PLUGINS} for _ in range(ROUNDS)]
    for subject, name, budget in (("replay", "ours", BUDGET), ("recording", "pytest-recording", None)):
        over = [(turn[subject] - turn["mock"]) / TESTS * 1000 for turn in turns]
        value, low, high = spread(over)
        totals = [spread([turn[which] for turn in turns])[0] for which in (subject, "mock")]
        detail = f"{totals[0]:.2f} s, {totals[1]:.2f} s"
        yield Row(f"{TESTS} tests of one call: {name} - mock", value, "ms a test", budget, low, high, detail)


def _seconds(folder: Path, subject: str, url: str, *flags: str) -> float:
    """CPU time of one run of the suite."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS[subject], *flags]
    environment = {
        **os.environ,
        "BENCH_URL": url,
        "BENCH_SUBJECT": subject,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.getcwd(),
        "PYTHONHASHSEED": "0",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


BENCH = Bench("plugin", run)
