"""Where a text comes from: the first step, and every copy, whatever form it takes."""

from __future__ import annotations

import json

import pytest

from replay.errors import UsageError
from replay.tui.view.provenance import appearances
from tests.tui.stories import TASK, call, cassette, llm, mended, said, tool

TEXT = 'he said "no",\nthen left'


def found(*events, wanted):
    return [(each.step.number, each.side, each.how) for each in appearances(cassette("x", events).steps, wanted)]


def test_the_first_step_that_has_it_comes_first_and_copies_follow_in_order():
    steps = [(each.step.number, each.path) for each in appearances(mended().steps, "test_parse.py")]
    assert steps[0] == (3, "value")
    assert [number for number, _ in steps] == sorted(number for number, _ in steps)
    assert {number for number, _ in steps} == {3, 4, 7, 9}


def test_copies_in_other_forms_are_recognised():
    events = [
        tool(0, "read", {}, "unrelated"),
        llm(1, [{"role": "user", "content": TEXT}], said("HE  SAID\n \"NO\", then left")),
        llm(2, [TASK], call("write", {"text": TEXT})),
        llm(3, [{"role": "user", "content": json.dumps({"inner": json.dumps(TEXT)})}], said("ok")),
    ]  # fmt: skip
    assert found(*events, wanted=TEXT) == [
        (2, "request", "exact"),
        (2, "response", "other case or spaces"),
        (3, "response", "escaped"),
        (4, "request", "escaped twice"),
    ]


def test_a_number_in_a_field_is_found():
    assert found(tool(0, "refund", {"amount": 4625}, {"left": 375}), wanted="4625") == [(1, "request", "exact")]


def test_what_is_nowhere_is_found_nowhere():
    assert found(tool(0, "a", {}, 1), wanted="nowhere to be seen") == []


@pytest.mark.parametrize("blank", ["", " \n"])
def test_nothing_is_not_looked_for(blank):
    with pytest.raises(UsageError):
        list(appearances(mended().steps, blank))
