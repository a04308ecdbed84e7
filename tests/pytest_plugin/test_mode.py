"""``--replay-mode``."""

from __future__ import annotations

import pytest

import replay
from tests.pytest_plugin.suite import section, summary

ONE = """
@pytest.mark.replay
def test_hello():
    say("hello")
"""

FAILING = ONE.replace('say("hello")', 'say("hello"); assert False')


def test_none_is_the_default_and_never_records(suite):
    suite.write(ONE)
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert suite.cassettes() == [] and suite.server.calls == 0
    assert section(done) == [
        "replay: no cassette",
        " + 1 llm openai gpt-5-mini /v1/chat/completions, called at agent.py:LINE",
        " cause: there is no cassettes/test_agent/test_hello.cassette",
        " record:  pytest tests/test_agent.py::test_hello --replay-mode once",
    ]
    assert summary(done) == "replay: 1 without cassette"


def test_none_replays_without_a_call(suite):
    suite.write(ONE)
    suite.record()
    done = suite.run()
    done.assert_outcomes(passed=1)
    assert suite.server.calls == 1
    assert summary(done) == "replay: 1 matched"


def test_once_records_what_has_no_cassette_and_replays_the_rest(suite):
    suite.write(ONE)
    suite.record()
    suite.write(ONE + "@pytest.mark.replay\ndef test_again():\n    say('again')\n")
    assert summary(suite.record()) == "replay: 1 matched, 1 recorded"
    assert suite.cassettes() == ["cassettes/test_agent/test_again.cassette", "cassettes/test_agent/test_hello.cassette"]
    assert suite.server.calls == 2


def test_once_keeps_the_recording_of_a_test_that_fails(suite):
    """A failed run becomes a test in one step."""
    suite.write(FAILING)
    done = suite.run("--replay-mode", "once")
    done.assert_outcomes(failed=1)
    assert suite.cassettes() == ["cassettes/test_agent/test_hello.cassette"]


def test_new_episodes_asks_for_what_the_cassette_lacks_and_keeps_it(suite):
    suite.write(ONE)
    suite.record()
    suite.edit('say("hello")', 'say("hello"); say("more")', "tests/test_agent.py")
    assert summary(suite.run("--replay-mode", "new_episodes")) == "replay: 1 updated"
    assert suite.server.calls == 2
    suite.run().assert_outcomes(passed=1)
    assert suite.server.calls == 2


def test_new_episodes_leaves_a_cassette_alone_that_lacks_nothing(suite):
    suite.write(ONE)
    suite.record()
    before = (suite.path / suite.cassettes()[0]).read_bytes()
    assert summary(suite.run("--replay-mode", "new_episodes")) == "replay: 1 matched"
    assert (suite.path / suite.cassettes()[0]).read_bytes() == before


def test_all_records_anew_but_keeps_the_old_cassette_when_the_test_fails(suite):
    suite.write(ONE)
    suite.record()
    first = replay.open(suite.path / suite.cassettes()[0]).header.run
    suite.run("--replay-mode", "all").assert_outcomes(passed=1)
    second = replay.open(suite.path / suite.cassettes()[0]).header.run
    assert second != first
    suite.write(FAILING)
    suite.run("--replay-mode", "all").assert_outcomes(failed=1)
    assert replay.open(suite.path / suite.cassettes()[0]).header.run == second
    assert suite.server.calls == 3


def test_rewrite_records_anew_whatever_comes_of_it(suite):
    suite.write(ONE)
    suite.record()
    first = replay.open(suite.path / suite.cassettes()[0]).header.run
    suite.write(FAILING)
    suite.run("--replay-mode", "rewrite").assert_outcomes(failed=1)
    assert replay.open(suite.path / suite.cassettes()[0]).header.run != first


def test_a_test_that_asks_nothing_needs_no_cassette(suite):
    suite.write("pytestmark = pytest.mark.replay\ndef test_quiet():\n    pass\n")
    assert summary(suite.record()) == "replay: 1 made no call"
    assert suite.cassettes() == []
    suite.run().assert_outcomes(passed=1)


def test_the_ini_file_has_a_twin_and_the_flag_is_stronger(suite):
    suite.write(ONE)
    suite.edit("[pytest]", "[pytest]\nreplay_mode = once", "pytest.ini")
    suite.run("--replay-mode", "none").assert_outcomes(failed=1)
    suite.run().assert_outcomes(passed=1)
    assert len(suite.cassettes()) == 1


@pytest.mark.parametrize("flags", [("--replay-mode", "sometimes"), ("-o", "replay_mode=sometimes")])
def test_an_unknown_mode_is_refused_with_those_there_are(suite, flags):
    done = suite.run(*flags)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: *mode does not know 'sometimes'", "hint: one of none, once, *"])


def test_the_header_names_mode_network_and_directory(suite):
    suite.run("-v").stdout.fnmatch_lines(["replay: mode none, network blocked, cassettes in cassettes"])
    suite.run("-v", "--replay-mode", "all").stdout.fnmatch_lines(["replay: mode all, network open, *"])
