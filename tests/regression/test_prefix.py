"""The prompt cache's beginning."""

from __future__ import annotations

import pytest

from replay.dialects.steps import steps
from replay.regression.prefix import first_move
from tests.diff.runs import chat, completion, event, said

SYSTEM, HELLO = said("system", "Be kind."), said("user", "hello")
TURNS = [said("assistant", "hi"), said("user", "and now?")]


def moved(*requests, lineages=("0",) * 9):
    events = [event(at, each, completion("hi"), lineages[at]) for at, each in enumerate(requests)]
    return first_move(steps(events))


def test_a_conversation_that_only_grows_keeps_it():
    assert moved(chat(SYSTEM, HELLO), chat(SYSTEM, HELLO, *TURNS)) is None


def test_the_first_byte_that_moved_is_named():
    dated = [said("system", f"Be kind. It is 12:0{minute}.") for minute in (1, 2)]
    move = moved(chat(dated[0], HELLO), chat(dated[1], HELLO, *TURNS))
    assert move is not None and (move.earlier, move.later, move.path) == (1, 2, "messages[0]")
    assert str(move) == (
        f"the prompt of step 2 does not begin with that of step 1: byte {move.byte} moved, in messages[0]\n"
        "   …'ind. It is 12:01.\"}' → …'ind. It is 12:02.\"}'\n"
        f"   {move.lost} bytes after it are not found in the prompt cache"
    )
    assert move.byte == len('{"role":"system","content":"Be kind. It is 12:0')


@pytest.mark.parametrize("field", ["tools", "system", "instructions"])
def test_what_stands_before_the_messages_counts_first(field):
    move = moved(chat(HELLO, **{field: ["a", "b"]}), chat(HELLO, *TURNS, **{field: ["b", "a"]}))
    assert move is not None and move.path == field


def test_a_message_inserted_in_the_middle_moves_what_follows():
    move = moved(chat(SYSTEM, HELLO, *TURNS), chat(SYSTEM, said("user", "first"), HELLO, *TURNS))
    assert move is not None and move.path == "messages[1]"


def test_another_conversation_or_another_task_is_no_turn():
    other = chat(said("system", "Plan."), said("user", "what?"), *TURNS)
    assert moved(chat(SYSTEM, HELLO), other) is None
    dated = [said("system", f"12:0{minute}") for minute in (1, 2)]
    assert moved(chat(dated[0], HELLO), chat(dated[1], HELLO, *TURNS), lineages=("0/a1", "0/a2")) is None
