"""A suite written for pytest-recording, turned into one of ours by exchanging words, and nothing else."""

from __future__ import annotations

import re

from tests.pytest_plugin.suite import summary

THEIRS = '''
"""An address book's tests, as somebody wrote them for pytest-recording."""
import httpx
import pytest

BASE = "http://127.0.0.1:PORT"


@pytest.fixture(scope="module")
def vcr_config():
    return {"ignore_hosts": ["telemetry.example.com"]}


@pytest.mark.vcr
def test_one_order():
    assert httpx.get(f"{BASE}/orders/7").json()["order_id"] == 7


@pytest.mark.vcr
@pytest.mark.parametrize("order", [1, 2, 3])
def test_several_orders(order):
    assert httpx.get(f"{BASE}/orders/{order}").json()["order_id"] == order


@pytest.mark.vcr("shared")
def test_a_named_cassette():
    assert httpx.get(f"{BASE}/orders/8").status_code == 200


@pytest.mark.default_cassette("other")
@pytest.mark.vcr
def test_a_default_cassette():
    assert httpx.get(f"{BASE}/orders/9").status_code == 200


class TestRefunds:
    pytestmark = pytest.mark.vcr

    def test_posting(self):
        answer = httpx.post(f"{BASE}/refunds", json={"order_id": 7, "amount": 3})
        assert answer.status_code == 201

    def test_a_refusal(self):
        assert httpx.post(f"{BASE}/refunds", json={}).status_code == 400


@pytest.mark.vcr
@pytest.mark.asyncio
async def test_asynchronous():
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{BASE}/orders/5")).json()["order_id"] == 5


def test_without_a_cassette():
    assert BASE
'''

WORDS = (
    (r"@pytest\.mark\.default_cassette\((.*)\)\n@pytest\.mark\.vcr\n", r"@pytest.mark.replay(\1)\n"),
    (r"pytest\.mark\.vcr\b", "pytest.mark.replay"),
    (r"\bvcr_config\b", "replay_config"),
    (r"\bvcr_cassette_dir\b", "replay_dir"),
)
FLAGS = {"--record-mode=once": "--replay-mode=once", "--block-network": "--replay-block-network"}


def ported(source: str) -> str:
    for theirs, ours in WORDS:
        source = re.sub(theirs, ours, source)
    return source


def test_the_words_are_exchanged_and_the_suite_passes_recorded_and_replayed(suite):
    tests = suite.path / "tests"
    tests.mkdir()
    theirs = THEIRS.replace("PORT", str(suite.server.port))
    (tests / "test_orders.py").write_text(ported(theirs), encoding="utf-8")
    recorded = suite.run(FLAGS["--record-mode=once"])
    recorded.assert_outcomes(passed=10)
    assert summary(recorded) == "replay: 9 recorded"
    calls = suite.server.calls
    done = suite.run(FLAGS["--block-network"])
    done.assert_outcomes(passed=10)
    assert summary(done) == "replay: 9 matched" and suite.server.calls == calls == 9


def test_it_is_a_suite_that_pytest_recording_runs(suite):
    tests = suite.path / "tests"
    tests.mkdir()
    theirs = THEIRS.replace("PORT", str(suite.server.port))
    (tests / "test_orders.py").write_text(theirs, encoding="utf-8")
    suite.apart("-p", "recording", "--record-mode=once").assert_outcomes(passed=10)
    suite.apart("-p", "recording", "--block-network").assert_outcomes(passed=10)
