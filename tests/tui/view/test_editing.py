"""An edit is told as swaps, or in words why it cannot be."""

from __future__ import annotations

import json

import pytest

from replay.engine.swaps import grammar
from replay.errors import UsageError
from replay.tui.view.editing import answer_swap, answer_text, can_edit, request_swaps, request_text
from tests.tui.stories import mended

STEPS = mended().steps
CALL, TOOL, SPAN, LAST = STEPS[3], STEPS[2], STEPS[0], STEPS[8]


def edited(change):
    document = json.loads(request_text(CALL))
    change(document)
    return [(swap.head, swap.value) for swap in request_swaps(CALL, json.dumps(document))]


def test_a_request_that_is_left_as_it_was_is_no_swap():
    assert edited(lambda document: None) == []


def test_the_model_a_parameter_and_a_message_are_swapped_at_this_step():
    def change(document):
        document["model"] = "gpt-5-mini"
        document["params"]["temperature"] = 0
        document["messages"][0]["text"] = "Be brief."

    assert edited(change) == [
        ("model@4", "gpt-5-mini"),
        ("param:temperature@4", "0"),
        ("prompt:[0]@4", "Be brief."),
    ]


def test_a_message_can_be_added_at_the_end_or_taken_away():
    assert edited(lambda document: document["messages"].append({"role": "user", "text": "Hurry."})) == [
        ("insert:user@4", "Hurry.")
    ]
    assert edited(lambda document: document["messages"].pop(1)) == [("drop:[1]@4", None)]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["messages"].clear(),
        lambda document: document["messages"][1].update(role="assistant"),
        lambda document: document["messages"][1].pop("text"),
        lambda document: document.pop("messages"),
        lambda document: document.update(params=[1]),
    ],
)
def test_an_edit_that_no_swap_can_say_is_refused(change):
    with pytest.raises(UsageError):
        edited(change)


def test_every_swap_that_an_edit_gives_is_one_that_the_command_line_reads():
    def change(document):
        document["model"] = "m"
        document["params"]["top_p"] = 0.5
        document["messages"][1]["text"] = "Mend the tests."

    for head, value in [*edited(change), ("drop:[1]@4", None), ("insert:user@4", "x"), ("response:3", "[]")]:
        assert grammar.parse(head if value is None else f"{head}={value}")


def test_an_answer_with_tool_calls_is_edited_as_json_and_words_as_words():
    assert json.loads(answer_text(CALL))["tool_calls"] == [{"name": "read_file", "arguments": {"path": "parse.py"}}]
    assert answer_text(LAST) == "The failing test is test_parse_empty."
    assert answer_swap(LAST, "All is well.").head == "response:9"


def test_a_tool_takes_json_and_nothing_else():
    assert answer_swap(TOOL, '["a.py"]').value == '["a.py"]'
    with pytest.raises(UsageError, match="no JSON"):
        answer_swap(TOOL, "a.py")


def test_what_cannot_be_edited_says_why():
    for step in (SPAN, None):
        with pytest.raises(UsageError):
            can_edit(step)
    with pytest.raises(UsageError, match="asked of a model"):
        request_text(TOOL)
