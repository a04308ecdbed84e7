"""``--replay-update``: accepting what changed."""

from __future__ import annotations

import pytest

import replay
from tests.pytest_plugin.suite import section, summary

TWO = """
@pytest.mark.replay
def test_two():
    say("one")
    say("two")
"""


def test_only_what_changed_is_asked_for_and_the_new_run_becomes_the_cassette(suite):
    suite.write(TWO)
    suite.record()
    suite.edit('say("two")', 'say("three")', "tests/test_agent.py")
    told = section(suite.run())
    assert told[-1] == " accept:  pytest tests/test_agent.py::test_two --replay-update"
    assert summary(suite.run("--replay-update")) == "replay: 1 updated"
    assert suite.server.calls == 3, "the first call was served"
    suite.run().assert_outcomes(passed=1)
    assert suite.server.calls == 3


def test_a_cassette_that_nothing_changed_in_stays_as_it_is(suite):
    suite.write(TWO)
    suite.record()
    before = (suite.path / suite.cassettes()[0]).read_bytes()
    assert summary(suite.run("--replay-update")) == "replay: 1 matched"
    assert (suite.path / suite.cassettes()[0]).read_bytes() == before


def test_events_that_nothing_asks_for_any_more_are_left_out(suite):
    suite.write(TWO)
    suite.record()
    suite.edit('    say("two")\n', "", "tests/test_agent.py")
    suite.run().assert_outcomes(failed=1)
    assert summary(suite.run("--replay-update")) == "replay: 1 updated"
    assert len(replay.open(suite.path / suite.cassettes()[0]).steps) == 1
    assert suite.server.calls == 2


def test_a_test_that_fails_accepts_nothing(suite):
    suite.write(TWO)
    suite.record()
    before = (suite.path / suite.cassettes()[0]).read_bytes()
    suite.edit('say("two")', 'say("three"); assert False', "tests/test_agent.py")
    done = suite.run("--replay-update")
    done.assert_outcomes(failed=1)
    assert summary(done) == "replay: 1 stopped early"
    assert (suite.path / suite.cassettes()[0]).read_bytes() == before


def test_what_has_no_cassette_is_recorded(suite):
    suite.write(TWO)
    assert summary(suite.run("--replay-update")) == "replay: 1 recorded"


def test_it_is_refused_beside_another_way_to_record(suite):
    done = suite.run("--replay-update", "--replay-mode", "all")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: --replay-update and --replay-mode all are two ways to record"])


def test_the_ini_twin(suite):
    suite.write(TWO)
    suite.edit("[pytest]", "[pytest]\nreplay_update = true", "pytest.ini")
    assert summary(suite.run()) == "replay: 1 recorded"
