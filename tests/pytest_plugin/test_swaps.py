"""Tests that depart from their cassette on purpose."""

from __future__ import annotations

import replay
from tests.pytest_plugin.suite import section, summary

NANO = """
@pytest.mark.replay("base")
def test_base():
    say("hello")

@pytest.mark.replay("base", swaps=[replay.swap.model("gpt-5-nano")], on_divergence="live")
def test_nano(cassette):
    say("hello")
    assert [step.model for step in cassette.llm_calls] == ["gpt-5-nano"]
"""


def test_what_ran_live_is_kept_in_a_fork_and_replays_offline(suite):
    suite.write(NANO)
    recorded = suite.record("-p", "no:randomly")
    assert suite.cassettes() == ["cassettes/test_agent/base.cassette", "cassettes/test_agent/test_nano.cassette"]
    assert summary(recorded) == "replay: 2 recorded" or "updated" in summary(recorded)
    calls = suite.server.calls
    done = suite.run()
    done.assert_outcomes(passed=2)
    assert summary(done) == "replay: 2 matched" and suite.server.calls == calls == 2
    fork = replay.open(suite.path / "cassettes/test_agent/test_nano.cassette")
    assert fork.header.swaps == ("model=gpt-5-nano",)


def test_a_fork_made_with_other_swaps_is_refused_until_it_is_made_anew(suite):
    suite.write(NANO)
    suite.record()
    suite.edit('"gpt-5-nano"', '"gpt-5-large"', "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(
        ["replay: cassettes/test_agent/test_nano.cassette was made with other swaps *", "hint: *"]
    )
    suite.run("--replay-update").assert_outcomes(passed=2)
    suite.run().assert_outcomes(passed=2)


def test_a_swap_that_needs_no_call_needs_no_fork(suite):
    suite.write(
        """
@pytest.mark.replay("base")
def test_base():
    say("hello")

@pytest.mark.replay("base", swaps=["response:1=Goodbye."])
def test_other_answer():
    assert say("hello") == "Goodbye."
"""
    )
    suite.record("-k", "test_base")
    done = suite.run()
    done.assert_outcomes(passed=2)
    assert summary(done) == "replay: 1 matched, 1 departed"


def test_a_swap_that_matches_nothing_says_what_it_could_match(suite):
    suite.write(NANO.replace('replay.swap.model("gpt-5-nano")', '"tool:refund=1"'))
    suite.record("-k", "test_base")
    done = suite.run("-k", "test_nano")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["replay: *refund*"])


def test_a_test_that_fails_shows_where_it_departed(suite):
    suite.write(NANO.replace("assert [", "assert not ["))
    suite.record("-k", "test_base")
    suite.run("--replay-mode", "once")
    done = suite.run("--no-replay-block-network")
    told = section(done)
    assert told[0] == "replay: departed at step 1 of 1"
    assert told[1].startswith(" ≠ 1 llm answer")
    assert " cause: your swap model=gpt-5-nano" in told


def test_a_policy_that_makes_no_call_replays_without_a_fork(suite):
    suite.write(
        NANO.replace('swaps=[replay.swap.model("gpt-5-nano")], on_divergence="live"', 'on_divergence="nearest"')
    )
    suite.edit('["gpt-5-nano"]', '["gpt-5-mini"]', "tests/test_agent.py")
    suite.edit('say("hello")\n    assert', 'say("hullo")\n    assert', "tests/test_agent.py")
    suite.record("-k", "test_base")
    done = suite.run("-k", "test_nano")
    done.assert_outcomes(passed=1)
    assert summary(done) == "replay: 1 departed"
