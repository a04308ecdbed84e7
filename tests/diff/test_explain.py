from __future__ import annotations

import pytest

from replay.diff.explain import described, explain
from replay.events import Answer, End, Event, Request
from replay.report import text
from tests.diff.runs import cassette, chat, completion, diverged, event, said

SYSTEM = said("system", "You are a support agent.")
USER = said("user", "Where is my order?")
CALL = {"id": "c1", "type": "function", "function": {"name": "lookup_order", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def result(words: str) -> dict[str, str]:
    return said("tool", words, tool_call_id="c1")


def cause(recorded: Request, asked: Request) -> str:
    return explain(diverged(asked), cassette(event(0, recorded))).cause


@pytest.mark.parametrize(
    ("recorded", "asked", "words"),
    [
        (chat(SYSTEM, USER), chat(said("system", "You are a poet."), USER), "your prompt changed (the system message)"),
        (chat(USER), chat(SYSTEM, USER), "your prompt changed (the system message)"),
        (chat(USER), chat(USER, model="gpt-5"), "your code asks another model"),
        (chat(USER), chat(USER, tools=[{"type": "function"}]), "the tools that your code offers changed"),
        (chat(USER), chat(said("user", "Where is my parcel?")), "your code, a prompt or the input changed: no earlier"),
        (
            chat(USER, CALLED, result("shipped")),
            chat(USER, CALLED, result("lost")),
            "the tool lookup_order gave another result: it ran again, for it is not recorded",
        ),
        (
            chat(said("user", "It is 2026-01-02 09:14:55, run 3f2a9c11")),
            chat(said("user", "It is 2026-01-02 10:27:03, run 77b0e4d2")),
            "only what looks like a time, an id or a random number differs",
        ),
        (
            Request("http", "GET", "http://x.test/a"),
            Request("http", "GET", "http://x.test/b"),
            "your code makes another",
        ),
    ],
)
def test_the_cause_is_named(recorded, asked, words):
    assert cause(recorded, asked).startswith(words)


def test_another_order_number_is_an_input_and_no_chance():
    assert "no earlier answer" in cause(chat(said("user", "order 7")), chat(said("user", "order 8")))


def test_an_answer_that_the_program_passes_on_differently_is_named_by_its_step():
    first = event(0, chat(USER), completion("The order left the warehouse."))
    second = event(1, chat(said("user", "Translate: The order left the warehouse.")))
    asked = chat(said("user", "TRANSLATE The order left the warehouse."))
    assert "the answer of step 1" in explain(diverged(asked, step=2, closest=1), cassette(first, second)).cause


def test_more_calls_than_recorded():
    one = event(0, chat(USER), completion("hi"))
    again = explain(diverged(chat(USER), step=2, closest=None), cassette(one))
    assert (again.step, again.closest, again.ended) == (2, None, False)
    assert again.cause == "the program asks this once more than it was recorded"
    other = explain(diverged(chat(SYSTEM), step=2, closest=None), cassette(one))
    assert other.cause == "the program goes on after the recorded run had ended"
    unlike = explain(diverged(Request("tool", "call", "f"), step=2, closest=None), cassette(one))
    assert unlike.cause == "nothing like it was recorded"


def test_the_end_of_a_cut_file_is_no_change_of_the_program():
    told = explain(diverged(chat(USER), closest=None), cassette(cut="cut short before the first event"))
    assert told.ended
    assert told.cause == "the recording ends here: cut short before the first event"


def test_another_hash_seed_is_named_first():
    told = explain(diverged(chat(SYSTEM)), cassette(event(0, chat(USER)), hash_seed="1"), hash_seed="2")
    assert told.cause.startswith("PYTHONHASHSEED is 2, and was 1")


def test_steps_are_numbered_within_the_process_that_asked():
    run = cassette(event(0, chat(USER)), event(1, chat(USER), lineage="0/p1"), event(2, chat(SYSTEM), lineage="0/p1"))
    told = explain(diverged(chat(CALLED), step=2, closest=2, lineage="0/p1/a1"), run)
    assert (told.step, told.closest) == (3, 3)


def test_it_is_told_in_three_lines_and_a_hint():
    asked = chat(SYSTEM, USER, model="gpt-5", temperature=1, seed=3, tools=[])
    explanation = explain(diverged(asked), cassette(event(0, chat(USER))))
    happened, closest, why = text.divergence(explanation, "fix-42.cassette")
    assert happened == ("step 1 is not in the cassette (llm openai gpt-5 /v1/chat/completions, called at agent.py:88)")
    assert closest == (
        "closest: step 1 of fix-42.cassette, differs in request.model, request.messages[0] and 3 other fields"
    )
    assert why == "cause: your prompt changed (the system message)"


def test_requests_in_a_few_words():
    assert described(Request("tool", "call", "lookup_order")) == "tool lookup_order"
    assert described(Request("http", "GET", "http://x.test/a?b=1")) == "http GET http://x.test/a?b=1"


def test_a_span_does_not_move_the_number_of_a_step():
    span = Event(0, Request("span", "enter", "planner"), answer=Answer(end=End()))
    run = cassette(span, event(1, chat(said("user", "hello"))))
    found = explain(diverged(chat(said("user", "goodbye")), step=1, closest=1), run)
    assert (found.step, found.closest) == (2, 2)
