"""Causes of two independent recordings: what came from upstream, what was answered otherwise, what the program did."""

from __future__ import annotations

import json
from dataclasses import replace

import replay
from replay.events import Note, Request
from tests.diff.runs import cassette, chat, completion, event, said


def tool(name, /, **arguments):
    return Request("tool", "call", name, body=json.dumps(arguments).encode())


def run(*requests_and_answers):
    return cassette(*[event(at, *each) for at, each in enumerate(requests_and_answers)])


def asking(name, **arguments):
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return {"choices": [{"message": {"role": "assistant", "tool_calls": [call]}, "finish_reason": "tool_calls"}]}


def loop(weather, words, *, city="Ghent"):
    """The model asks for the weather, gets it as a tool's result, and says something."""
    ask = [said("user", "What is the weather in my town?")]
    told = [
        *ask,
        {"role": "assistant", "tool_calls": []},
        {"role": "tool", "tool_call_id": "call_1", "content": weather},
    ]
    return run(
        (chat(*ask), asking("weather", city=city)),
        (tool("weather", city=city), weather),
        (chat(*told), completion(words)),
    )


def test_a_tools_other_result_is_followed_into_the_request_that_carries_it():
    found = replay.diff(loop("rainy, 9 degrees", "Take a coat."), loop("sunny, 21 degrees", "Take a hat."))
    first, result, last = found.rows
    assert (first.mark, result.cause.kind) == ("=", "chance")
    assert (last.cause.kind, last.cause.row, last.cause.path) == ("upstream", 2, "response.value")
    assert last.cause.into == "request.messages[2].content"
    assert [link.row for link in last.chain] == [2, 3]


def test_a_models_other_arguments_are_followed_into_the_tool_and_on():
    found = replay.diff(loop("rainy", "Take a coat."), loop("foggy", "Take a lamp.", city="Bergen"))
    first, call, last = found.rows
    assert (first.cause.kind, first.cause.into) == ("chance", "response.tool_calls[0].arguments.city")
    assert (call.cause.row, call.cause.path, call.cause.into) == (1, first.cause.into, "arguments.city")
    assert [link.row for link in last.chain] == [1, 2, 3]


def test_a_tool_that_only_one_run_called_comes_from_the_answer_that_asked_for_it():
    ask = chat(said("user", "Fix it."))
    old = run((ask, asking("run_tests", path="src")), (tool("run_tests", path="src"), {"failed": ["test_parse"]}))
    new = run((ask, asking("edit_file", file="a.py")), (tool("edit_file", file="a.py"), "the file was written"))
    first, gone, came = replay.diff(old, new).rows
    assert (gone.mark, came.mark) == ("-", "+")
    assert (gone.cause.row, came.cause.row) == (first.number, first.number)
    assert came.chain[0].cause.kind == "chance"


def test_what_happened_within_a_tool_explains_its_other_result():
    def looked_up(status):
        call = event(0, tool("lookup", order=7), {"status": status})
        page = Request("http", "GET", "https://shop.example/orders/7")
        inner = replace(event(1, page, {"status": status}, "0/c0"), parent=0)
        return cassette(call, inner)

    outer, inner = replay.diff(looked_up("sent"), looked_up("lost")).rows
    assert (outer.cause.kind, outer.cause.row) == ("upstream", inner.number)
    assert [link.row for link in outer.chain] == [2, 1]
    assert inner.cause.kind == "chance"


def test_where_an_answer_came_from_is_its_cause():
    for origin, kind in (("live", "live"), ("nearest", "nearest"), ("fault", "fault"), ("recorded", "chance")):
        old, new = event(0, tool("roll"), 3), replace(event(0, tool("roll"), 5), origin=origin)
        assert replay.diff(cassette(old), cassette(new)).rows[0].cause.kind == kind


def test_what_no_answer_brought_is_the_programs_doing():
    def cause(**fields):
        message = said("user", fields.pop("words", "Hello."))
        pair = run((chat(said("user", "Hello.")), completion("Hi."))), run((chat(message, **fields), completion("Hi.")))
        return replay.diff(*pair).rows[0].cause

    assert (cause(temperature=1).kind, cause(temperature=1).said) == ("code", "your code sets another temperature")
    assert cause(words="Goodbye.").kind == "code"
    pair = (
        run((chat(said("system", words), said("user", "Hello.")), completion("Hi."))) for words in ("Short.", "Long.")
    )
    assert replay.diff(*pair).rows[0].cause.said == "your prompt changed (the system message)"
    old, new = (run((tool("wait", until=f"0.{n}71"), 1)) for n in (1, 2))
    assert replay.diff(old, new).rows[0].cause.kind == "chance"


def test_an_input_that_changed_is_named():
    old, new = run((chat(said("user", "Hello.")), 1)), run((chat(said("user", "Goodbye.")), 1))
    for each, size in ((old, 5), (new, 8)):
        each.notes.append(Note("input", {"file": "prompt.md", "size": size}))
    found = replay.diff(old, new)
    cause = found.rows[0].cause
    assert (cause.kind, cause.said) == ("input", "prompt.md changed since the recording")
    assert found.notes == (cause.said,)


def test_a_moved_step_says_from_where_to_where():
    calls = [(tool(f"tool_{n}", words=f"words of its own {n}"), n) for n in range(4)]
    rows = replay.diff(run(*calls), run(*calls[1:], calls[0])).rows
    moved = next(row for row in rows if row.moved)
    assert (moved.mark, moved.differs, moved.cause.kind) == ("=", True, "order")
    assert moved.cause.said == "it came first, and now comes after step 3"


def test_words_that_both_runs_have_lead_nowhere():
    old = run((tool("look"), "the quick brown fox"), (tool("paint", colour="brown"), 1))
    new = run((tool("look"), "the quick brown hare"), (tool("paint", colour="green"), 1))
    assert replay.diff(old, new).rows[1].cause.kind == "code"


def test_what_happened_only_within_a_tool_that_differs_belongs_to_it():
    page = Request("http", "GET", "https://shop.example/orders/7")
    inner = replace(event(1, page, {"status": "sent"}, "0/c0"), parent=0)
    old = cassette(event(0, tool("lookup", order=7), {"status": "sent"}), inner)
    new = cassette(replace(event(0, tool("lookup", order=7), {"status": "lost"}), origin="live"))
    outer, gone = replay.diff(old, new).rows
    assert (gone.mark, gone.cause.kind, gone.cause.row) == ("-", "upstream", outer.number)
    assert [link.row for link in gone.chain] == [1, 2]


def test_what_came_from_several_fields_is_said_to_come_from_what_holds_them():
    old = run((tool("look"), {"order": {"item": "lamp", "town": "Ghent"}}), (tool("note", text="lamp to Ghent"), 1))
    new = run((tool("look"), {"order": {"item": "desk", "town": "Rome"}}), (tool("note", text="desk to Rome"), 1))
    assert replay.diff(old, new).rows[1].cause.path == "response.value.order"


def test_a_word_that_went_through_a_model_is_followed_through_it():
    def run_with(town):
        ask = [said("user", "Where is it going?"), {"role": "tool", "tool_call_id": "c", "content": town}]
        return run((tool("look"), town), (chat(*ask), asking("estimate", town=town)), (tool("estimate", town=town), 3))

    rows = replay.diff(run_with("Ghent"), run_with("Rome")).rows
    assert [link.row for link in rows[2].chain] == [1, 2, 3]
