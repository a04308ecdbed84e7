"""Cassettes that no test asks for."""

from __future__ import annotations

import shlex

from tests.pytest_plugin.suite import summary

TWO = """
@pytest.mark.replay
def test_one():
    say("one")

@pytest.mark.replay
@pytest.mark.skipif(True, reason="not today")
def test_two():
    say("two")
"""


def test_they_are_counted_with_the_command_that_removes_them(suite):
    suite.write(TWO.replace("True", "False"))
    suite.record()
    suite.write(TWO.replace("test_one", "test_renamed").replace("True", "False"))
    done = suite.run("--replay-mode", "once")
    assert summary(done) == "replay: 1 matched, 1 recorded, 1 unused"
    command = next(line for line in done.outlines if line.startswith(" unused: ")).removeprefix(" unused: ")
    assert shlex.split(command) == ["rm", "cassettes/test_agent/test_one.cassette"]


def test_those_of_tests_that_did_not_run_are_in_use(suite):
    suite.write(TWO.replace("True", "False"))
    suite.record()
    suite.write(TWO)
    assert summary(suite.run()) == "replay: 1 matched"
    assert summary(suite.run("-k", "nothing")) == ""
    assert summary(suite.run("tests/test_agent.py::test_one")) == "replay: 1 matched"


def test_forks_and_named_ones_are_in_use(suite):
    suite.write(
        """
@pytest.mark.replay("base")
def test_base():
    say("hello")

@pytest.mark.replay("base", swaps=[replay.swap.model("gpt-5-nano")])
def test_nano():
    say("hello")
"""
    )
    suite.record()
    assert summary(suite.run()) == "replay: 2 matched"
