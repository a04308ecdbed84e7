"""``--replay-allowed-hosts``: what is reached for real, and is no part of the run."""

from __future__ import annotations

import replay
from tests.pytest_plugin.suite import summary

BOTH = """
import urllib.request

@pytest.mark.replay
def test_both():
    say("hello")
    urllib.request.urlopen("http://localhost:PORT/orders/7").close()
"""


def source(suite) -> str:
    return BOTH.replace("PORT", str(suite.server.port))


def test_they_are_neither_recorded_nor_served(suite):
    suite.write(source(suite))
    suite.run("--replay-mode", "once", "--replay-allowed-hosts", "localhost,*.internal").assert_outcomes(passed=1)
    assert len(replay.open(suite.path / suite.cassettes()[0]).steps) == 1
    done = suite.run("--replay-allowed-hosts", "localhost")
    assert summary(done) == "replay: 1 matched"
    assert suite.server.calls == 3, "each run has asked localhost; only the recording has asked the model"


def test_the_ini_twin_takes_a_list(suite):
    suite.write(source(suite))
    suite.edit("[pytest]", "[pytest]\nreplay_allowed_hosts = localhost db.internal", "pytest.ini")
    suite.record()
    assert summary(suite.run()) == "replay: 1 matched"


def test_a_mark_adds_its_own(suite):
    suite.write(source(suite).replace("mark.replay", 'mark.replay(allow_hosts="localhost")'))
    suite.record()
    assert summary(suite.run()) == "replay: 1 matched"
