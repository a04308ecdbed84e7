"""``--replay-no-regression`` and ``--replay-baseline``."""

from __future__ import annotations

import json

import pytest

from tests.pytest_plugin.test_min_pass import bad, golden

__all__ = ["golden"]


def test_without_a_baseline_nothing_can_be_told(suite, golden):
    golden(2)
    done = suite.run("--replay-no-regression")
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines(
        ["replay: not enough cases to tell whether fewer pass than before: there is no baseline*"]
    )


def test_update_writes_the_baseline_and_a_gate_compares_case_by_case(suite, golden, monkeypatch):
    golden(8)
    bad(monkeypatch, 7)
    suite.run("--replay-update")
    written = json.loads((suite.path / "cassettes/baseline.json").read_text(encoding="utf-8"))
    assert written["schema"] == "replay.baseline/1"
    assert sum(written["tests"]["tests/test_golden.py::test_golden"].values()) == 7
    bad(monkeypatch, 0, 1, 2, 3, 4)
    done = suite.run("--replay-no-regression")
    assert done.ret == pytest.ExitCode.OK, "six changed, five for the worse: 11 % by chance"
    done.stdout.fnmatch_lines(
        ["replay: not enough cases to tell whether fewer pass *5 broke and 1 were mended of 8; it*"]
    )
    bad(monkeypatch, 0, 1, 2, 3, 4, 7)
    done = suite.run("--replay-no-regression")
    assert done.ret == pytest.ExitCode.TESTS_FAILED, "five changed, all for the worse: 3 % by chance"
    done.stdout.fnmatch_lines(
        ["replay: closed: fewer pass than before, 5 broke and 0 were mended of 8 (by chance 0.031)*"]
    )


def test_equal_results_open_it(suite, golden, monkeypatch):
    golden(3)
    bad(monkeypatch, 1)
    suite.run("--replay-update")
    done = suite.run("--replay-no-regression")
    assert done.ret == pytest.ExitCode.OK
    assert "replay: open: no sign that fewer pass than before, 0 broke and 0 were mended of 3" in done.outlines


def test_the_baseline_may_lie_elsewhere_and_the_ini_file_has_twins(suite, golden):
    golden(2)
    suite.run("--replay-update", "--replay-baseline", "before.json")
    assert (suite.path / "before.json").is_file()
    suite.edit("[pytest]", "[pytest]\nreplay_baseline = before.json\nreplay_no_regression = true", "pytest.ini")
    assert any(line.startswith("replay: open: no sign") for line in suite.run().outlines)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema": "other/1"}', '{"schema": "replay.baseline/1", "tests": [1]}']
)
def test_a_file_that_is_no_baseline_is_refused(suite, golden, content):
    golden(1)
    (suite.path / "cassettes/baseline.json").write_text(content, encoding="utf-8")
    done = suite.run("--replay-no-regression")
    assert done.ret != pytest.ExitCode.OK
    assert "baseline.json is no baseline" in done.stdout.str() + done.stderr.str()
