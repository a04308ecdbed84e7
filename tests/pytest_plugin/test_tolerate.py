"""``--replay-tolerate``, the mark's ``tolerate``, and ``replay_config``."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import section, summary

ORDER = """
@pytest.mark.replay
def test_order():
    for text in ORDER:
        say(text)
ORDER = ["one", "two"]
"""


def recorded(suite) -> None:
    suite.write(ORDER)
    suite.record()
    suite.edit('["one", "two"]', '["two", "one"]', "tests/test_agent.py")


def test_another_order_fails_a_test_unless_it_is_tolerated(suite):
    recorded(suite)
    done = suite.run()
    assert section(done)[:2] == ["replay: not as recorded", " 1 part handed over in another order than recorded"]
    done.assert_outcomes(failed=1)
    assert summary(done) == "replay: 1 different"
    done = suite.run("--replay-tolerate", "reordered")
    assert summary(done) == "replay: 1 matched"
    done.stdout.fnmatch_lines([" ≈ tests/test_agent.py::test_order: 1 part handed over in another order than recorded"])


def test_the_ini_twin(suite):
    recorded(suite)
    suite.edit("[pytest]", "[pytest]\nreplay_tolerate = reordered moved", "pytest.ini")
    assert summary(suite.run()) == "replay: 1 matched"


def test_a_mark_has_the_last_word_over_its_module_and_the_config_fixture(suite):
    recorded(suite)
    suite.edit("@pytest.mark.replay\n", '@pytest.mark.replay(tolerate="reordered")\n', "tests/test_agent.py")
    suite.run().assert_outcomes(passed=1)
    suite.edit('(tolerate="reordered")', "", "tests/test_agent.py")
    head = '\npytestmark = pytest.mark.replay(tolerate=["reordered"])\n'
    suite.edit("\n@pytest.mark.replay\n", f"{head}@pytest.mark.replay\n", "tests/test_agent.py")
    suite.run().assert_outcomes(passed=1)
    config = '\n@pytest.fixture(scope="module")\ndef replay_config():\n    return {"tolerate": ["reordered"]}\n'
    suite.edit(head, config, "tests/test_agent.py")
    suite.run().assert_outcomes(passed=1)


def test_an_event_that_nothing_asked_for_can_be_tolerated(suite):
    suite.write(ORDER)
    suite.record()
    suite.edit('["one", "two"]', '["one"]', "tests/test_agent.py")
    suite.run().assert_outcomes(failed=1)
    done = suite.run("--replay-tolerate", "unused")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines([" ≈ tests/test_agent.py::test_order: 1 recorded event never asked for"])


def test_a_word_that_means_nothing_is_refused(suite):
    done = suite.run("--replay-tolerate", "everything")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: --replay-tolerate does not know 'everything'", "hint: one of moved, *"])
