"""Tests that share a cassette, and tests with several."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import section, summary

CLASS = """
import time

@pytest.mark.replay(scope="class")
class TestTalk:
    def test_one(self):
        assert say(f"one {time.time()}")
    def test_two(self):
        assert say("two") and say(f"three {time.time()}")
    def test_three(self):
        assert say("one")
"""

MODULE = """
pytestmark = pytest.mark.replay("talk", scope="module")
def test_one():
    assert say("one")
async def test_two():
    assert await asay("two")
"""

SEVERAL = """
@pytest.mark.replay("alice", "bob")
def test_two_customers(cassette):
    with cassette["alice"] as alice:
        say("I am Alice")
    with cassette["bob"] as bob:
        say("I am Bob")
        say("bye")
    assert len(alice.llm_calls) == 1 and len(bob.llm_calls) == 2
"""


def test_a_class_shares_one_cassette(suite):
    suite.write(CLASS)
    suite.record()
    assert suite.cassettes() == ["cassettes/test_agent/TestTalk.cassette"]
    assert summary(suite.run()) == "replay: 1 matched"


def test_a_module_shares_one_cassette(suite):
    suite.write(MODULE)
    suite.record()
    assert suite.cassettes() == ["cassettes/test_agent/talk.cassette"]
    assert summary(suite.run()) == "replay: 1 matched"


@pytest.mark.parametrize("choice", ["test_two", "test_one or test_three", "test_three"])
def test_some_of_its_tests_find_their_own_answers_and_times(suite, choice):
    suite.write(CLASS)
    suite.record()
    done = suite.run("-k", choice)
    assert done.ret == 0 and "failed" not in done.stdout.str(), done.stdout.str()
    assert summary(done) == "replay: 1 matched"


def test_a_test_that_asks_something_else_fails_and_is_named(suite):
    suite.write(CLASS)
    suite.record()
    suite.edit('say("two")', 'say("2")', "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(passed=1, failed=2)
    assert section(done)[0] == "replay: diverged at step 2 of 4"


def test_a_lost_call_fails_the_test_that_lost_it(suite):
    suite.write(CLASS)
    suite.record()
    suite.edit('assert say("one")', "pass", "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["FAILED tests/test_agent.py::TestTalk::test_three*"])


def test_a_function_without_a_class_cannot_share_one(suite):
    suite.write('@pytest.mark.replay(scope="class")\ndef test_alone():\n    pass\n')
    suite.run().stderr.fnmatch_lines(
        ["ERROR: replay: tests/test_agent.py::test_alone is in no class*", "hint: scope='module'"]
    )


def test_one_test_may_have_several_cassettes(suite):
    suite.write(SEVERAL)
    recorded = suite.record()
    assert summary(recorded) == "replay: 2 recorded"
    assert suite.cassettes() == ["cassettes/test_agent/alice.cassette", "cassettes/test_agent/bob.cassette"]
    assert summary(suite.run()) == "replay: 2 matched"


def test_each_of_several_is_judged(suite):
    suite.write(SEVERAL)
    suite.record()
    suite.edit('say("bye")', "pass", "tests/test_agent.py")
    suite.edit("assert len", "return; assert len", "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert section(done)[0] == "replay: step 2 of 2 was not asked for"
    assert summary(done) == "replay: 1 matched, 1 different"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('cassette["bob"]', 'cassette["carol"]'), "*the mark names no cassette 'carol'"),
        (('cassette["bob"]', 'cassette["alice"]'), "*the cassette 'alice' was open already"),
    ],
)
def test_what_is_not_named_or_open_twice_is_told(suite, change, said):
    suite.write(SEVERAL)
    suite.edit(*change, "tests/test_agent.py")
    done = suite.run("--replay-mode", "once")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([said])


def test_the_fixture_needs_the_mark(suite):
    suite.write("def test_it(cassette):\n    pass\n")
    suite.run().stdout.fnmatch_lines(["replay: the fixture cassette needs the mark", "hint: @pytest.mark.replay"])


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("replay(swap=[])", "the mark replay has no option 'swap'"),
        ("replay(7)", "the mark replay takes names of cassettes, not 7"),
        ('replay("a", "a")', "the mark replay names a cassette twice"),
        ('replay(scope="session")', "there is no scope 'session'"),
        ('replay("a", each="*.cassette")', "a mark with each=… names its cassettes by that pattern*"),
        ('replay(tolerate="all")', "tolerate does not know 'all'"),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused_at_collection(suite, mark, said):
    suite.write(f"@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    done = suite.run()
    assert done.ret in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR)
    assert any(line for line in (*done.outlines, *done.errlines) if said.rstrip("*") in line)
