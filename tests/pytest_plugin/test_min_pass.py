"""``--replay-min-pass``, and tests over many cassettes."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import summary

RECORD = """
@pytest.mark.parametrize("number", range(COUNT))
def test_make(number):
    with replay.record(f"cassettes/golden/case-{number:02}.cassette"):
        say("hello")
"""

EACH = """
import os
BAD = os.environ.get("BAD", "").split()

@pytest.mark.replay(each="cassettes/golden/*.cassette")
def test_golden(cassette):
    say("hello")
    assert cassette.recorded.path.stem not in BAD
"""


@pytest.fixture
def golden(suite):
    """Makes so many cassettes, and a test over them."""

    def make(count: int) -> None:
        suite.write(RECORD.replace("COUNT", str(count)), "test_make")
        suite.run("tests/test_make.py").assert_outcomes(passed=count)
        (suite.path / "tests/test_make.py").unlink()
        suite.write(EACH, "test_golden")

    return make


def bad(monkeypatch, *numbers: int) -> None:
    monkeypatch.setenv("BAD", " ".join(f"case-{number:02}" for number in numbers))


def test_the_test_runs_once_for_each_cassette_and_each_fails_by_itself(suite, golden, monkeypatch):
    golden(3)
    bad(monkeypatch, 1)
    done = suite.run("-v")
    done.assert_outcomes(passed=2, failed=1)
    assert "replay: tests/test_golden.py::test_golden: 2 of 3 cases pass, 66.7% (95 % interval 20.8% to 93.9%)" in (
        done.outlines
    )
    assert summary(done) == "replay: 2 matched, 1 stopped early"


def test_few_cases_do_not_tell_and_the_gate_says_how_many_would(suite, golden, monkeypatch):
    golden(8)
    bad(monkeypatch, 1)
    done = suite.run("--replay-min-pass", "0.95")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=7, xfailed=1)
    assert (
        "replay: not enough cases to tell whether at least 95.0% pass; at this rate it would take 37" in done.outlines
    )


def test_certainly_too_few_close_the_gate(suite, golden, monkeypatch):
    golden(8)
    bad(monkeypatch, 1, 2, 3)
    done = suite.run("--replay-min-pass", "0.95")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["replay: closed: at least 95.0% pass does not hold (*by chance 0.0058)"])


def test_enough_open_it(suite, golden):
    golden(8)
    done = suite.run("--replay-min-pass", "0.5")
    assert done.ret == pytest.ExitCode.OK
    assert "replay: open: at least 50.0% pass" in done.outlines


def test_workers_count_together(suite, golden, monkeypatch):
    golden(8)
    bad(monkeypatch, 1, 2, 3)
    done = suite.apart("-p", "xdist", "-n", "2", "--replay-min-pass", "0.95")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["replay: *: 5 of 8 cases pass, *", "replay: closed: *"])


def test_a_divergence_counts_as_a_case_that_fails(suite, golden):
    golden(4)
    suite.edit("friendly", "formal")
    done = suite.run("--replay-min-pass", "0.5")
    done.assert_outcomes(xfailed=4)
    assert summary(done) == "replay: 4 diverged"


@pytest.mark.parametrize("share", ["0", "1.5", "most"])
def test_what_is_no_share_is_refused(suite, share):
    done = suite.run("--replay-min-pass", share)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: replay: --replay-min-pass is no share of cases: '{share}'", "hint: *"])


def test_the_ini_twin(suite, golden):
    golden(8)
    suite.edit("[pytest]", "[pytest]\nreplay_min_pass = 0.5", "pytest.ini")
    assert "replay: open: at least 50.0% pass" in suite.run().outlines


def test_a_pattern_that_matches_nothing_is_refused(suite):
    suite.write(EACH)
    done = suite.run()
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(["*replay: no cassette matches cassettes/golden/[*].cassette*"])
