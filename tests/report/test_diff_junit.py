from __future__ import annotations

from xml.etree import ElementTree

from replay.report.diff_junit import cases
from replay.report.junit import junit
from tests.report import runs


def read(diff):
    return ElementTree.fromstring(junit("replay diff", cases(diff)))


def test_a_row_that_differs_is_a_failure_with_its_fields_and_its_cause():
    suite = read(runs.support())
    failed = [case for case in suite if case.find("failure") is not None]
    assert (suite.get("tests"), suite.get("failures"), len(failed)) == ("11", "5", 5)
    assert failed[0].get("name") == "1 ⟷ 1 tool lookup"
    assert "step 1: the same was asked and the tool gave another result" in failed[1].find("failure").text


def test_equal_runs_have_no_failure():
    assert read(runs.equal()).get("failures") == "0"


def test_hostile_content_is_well_formed():
    suite = read(runs.hostile())
    assert "<script>" in suite[0].find("failure").text
