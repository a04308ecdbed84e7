"""What counts as a difference between two runs, and what is said of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

import replay
from replay.diff import document
from replay.errors import UsageError
from replay.events import Answer, Chunk, End, Head, Note, Request
from tests.diff.runs import cassette, chat, completion, event, said

ORDERS = [str(UUID(int=n, version=4)) for n in (11, 22, 33)]


def tool(name, /, **arguments):
    return Request("tool", "call", name, body=json.dumps(arguments).encode())


def http(url, **body):
    return Request("http", "POST", url, body=json.dumps(body).encode())


def run(*requests_and_answers, **options):
    return cassette(*[event(at, *each) for at, each in enumerate(requests_and_answers)], **options)


def only_row(a, b, **rules):
    (row,) = replay.diff(run(a), run(b), **rules).rows
    return row


def paths(row):
    return [change.path for change in row.changes]


def calling(*names, id="call_1", **rest):
    calls = [
        {"id": f"{id}{at}", "type": "function", "function": {"name": name, "arguments": '{"order": 7}'}}
        for at, name in enumerate(names)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    return {"choices": [{"message": message, "finish_reason": "tool_calls"}], **rest}


HELLO = chat(said("user", "Hello."))


# What is equal -------------------------------------------------------------------------------------------------------


def test_a_run_is_identical_to_itself():
    one = run((HELLO, completion("Hi.")), (tool("look"), [1]))
    found = replay.diff(one, one)
    assert (found.identical, found.first, [row.mark for row in found.rows]) == (True, None, ["=", "="])
    assert [(row.cause, row.chain, row.changes) for row in found.rows] == [(None, (), ())] * 2


def test_ids_and_times_of_an_answer_are_no_difference():
    old, new = (calling("look", id=id, id_=None, created=created) for id, created in (("call_a1", 1), ("call_b2", 2)))
    row = only_row((HELLO, old), (HELLO, new))
    assert (row.mark, row.differs, row.cause) == ("≈", False, None)
    assert "response.body.created" in paths(row)


def test_an_id_of_its_own_in_each_run_is_no_difference():
    row = only_row((tool("look", order=ORDERS[0]), 1), (tool("look", order=ORDERS[1]), 1))
    assert (row.mark, paths(row)) == ("≈", ["arguments.order"])


def test_the_wrong_one_of_two_ids_that_both_runs_have_is_a_difference():
    listed = (tool("orders"), ORDERS[:2])
    old, new = run(listed, (tool("cancel", order=ORDERS[0]), 1)), run(listed, (tool("cancel", order=ORDERS[1]), 1))
    assert [row.mark for row in replay.diff(old, new).rows] == ["=", "≠"]


def test_the_wrong_one_of_two_ids_that_only_a_prompt_holds_is_a_difference():
    ask = chat(said("user", f"Cancel the first of {ORDERS[0]} and {ORDERS[1]}."))
    old, new = (calling("cancel") for _ in range(2))
    for answer, order in ((old, ORDERS[0]), (new, ORDERS[1])):
        answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = json.dumps({"order": order})
    assert only_row((ask, old), (ask, new)).mark == "≠"


def test_an_id_that_stands_for_two_is_a_difference():
    old = run((tool("look", order=ORDERS[0]), 1), (tool("cancel", order=ORDERS[0]), 1))
    new = run((tool("look", order=ORDERS[1]), 1), (tool("cancel", order=ORDERS[2]), 1))
    assert [row.mark for row in replay.diff(old, new).rows] == ["≈", "≠"]


def test_ids_count_when_that_is_asked():
    row = only_row((tool("look", order=ORDERS[0]), 1), (tool("look", order=ORDERS[1]), 1), exact=True)
    assert (row.mark, row.request) == ("≠", True)


def test_another_port_of_this_machine_is_no_difference_and_another_host_is_one():
    first, second, far = (http(f"http://{host}/x") for host in ("127.0.0.1:4001", "127.0.0.1:4002", "example.org"))
    assert only_row((first, 1), (second, 1)).mark == "≈"
    assert only_row((first, 1), (far, 1)).mark == "≠"


def test_a_streamed_answer_equals_the_same_one_in_other_pieces():
    data = b'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\ndata: {"choices":[{"delta":{"content":"lo"}}]}\n\n'
    events = [
        replace(
            event(0, HELLO),
            answer=Answer(Head(200), chunks=tuple(Chunk(data[i : i + n]) for i in range(0, 200, n)), end=End()),
        )
        for n in (10, 200)
    ]
    assert replay.diff(*(cassette(each) for each in events)).rows[0].mark == "="


# What differs --------------------------------------------------------------------------------------------------------


def test_another_tool_call_is_named_by_its_place_in_the_answer():
    row = only_row((HELLO, calling("run_tests")), (HELLO, calling("edit_file")))
    assert (row.request, row.response) == (False, True)
    assert [(c.path, c.before, c.after) for c in row.changes] == [
        ("response.tool_calls[0].name", "run_tests", "edit_file")
    ]


def test_an_inserted_message_is_one_change():
    history = [said("user", f"question {n} of many") for n in range(5)]
    more = [*history[:2], said("user", "By the way."), *history[2:]]
    row = only_row((chat(*history), completion("Hi.")), (chat(*more), completion("Hi.")))
    assert [(change.path, change.how) for change in row.changes] == [("request.messages[2]", "added")]


def test_a_message_that_changed_beside_one_that_came_is_compared_with_itself():
    history = [said("user", "what is the capital of France?"), said("user", "and how many people live there today?")]
    more = [said("user", "Be brief."), history[0], said("user", "and how many people live there now?")]
    row = only_row((chat(*history), completion("Hi.")), (chat(*more), completion("Hi.")))
    assert [(c.path, c.how) for c in row.changes] == [
        ("request.messages[0]", "added"),
        ("request.messages[2].content", "changed"),
    ]


def test_a_finish_reason_and_an_error_are_differences():
    cut = {"choices": [{"message": {"role": "assistant", "content": "Hi."}, "finish_reason": "length"}]}
    assert paths(only_row((HELLO, completion("Hi.")), (HELLO, cut))) == ["response.finish_reason"]
    failed = replace(
        event(0, HELLO, {"error": {"message": "no"}}), answer=Answer(Head(500), chunks=(Chunk(b"no"),), end=End())
    )
    row = replay.diff(run((HELLO, completion("Hi."))), cassette(failed)).rows[0]
    assert "response.error" in paths(row)


def test_two_wire_formats_are_compared_by_what_they_mean():
    fields = {"model": "m", "max_tokens": 9, "messages": [said("user", "Hello.")]}
    other = http("https://api.anthropic.com/v1/messages", **fields)
    answer = {
        "content": [{"type": "text", "text": "Hi."}],
        "stop_reason": "end_turn",
        "model": "m",
        "role": "assistant",
    }
    row = only_row((HELLO, {**completion("Hi."), "model": "m"}), (other, answer))
    assert [(change.path, change.after) for change in row.changes] == [("request.model", "m")]


def test_tokens_and_time_are_metrics_and_make_no_difference():
    old, new = ({**completion("Hi."), "usage": {"prompt_tokens": 5, "completion_tokens": n}} for n in (1, 2))
    row = only_row((HELLO, old), (HELLO, new))
    assert not row.differs
    assert [(each.name, each.a, each.b) for each in row.metrics if each.name != "cost" and each.changed] == [
        ("output", 1, 2)
    ]


def test_another_result_of_the_run_is_a_difference():
    old, new = run((HELLO, completion("Hi."))), run((HELLO, completion("Hi.")))
    old.notes.append(Note("output", {"days": 1}))
    new.notes.append(Note("output", {"days": 2}))
    found = replay.diff(old, new)
    assert (found.identical, found.first) == (False, None)
    assert [(change.path, change.before, change.after) for change in found.output] == [("output.days", 1, 2)]


def test_a_run_cut_short_is_said():
    found = replay.diff(run((HELLO, 1)), run((HELLO, 1), cut="cut short after event 0"))
    assert found.notes == ("run.cassette is not whole: cut short after event 0",)


# What is compared ----------------------------------------------------------------------------------------------------


def test_only_and_ignore_choose_steps():
    old = run((HELLO, completion("Hi.")), (tool("look"), 1), (tool("cook"), 1))
    new = run((HELLO, completion("Ho.")), (tool("look"), 2), (tool("cook"), 2))
    for rules, left in (
        ({"only": ["llm"]}, ["answer"]),
        ({"only": ["name:*ook"], "ignore": ["name:c*"]}, ["look"]),
        ({"ignore": ["tool"]}, ["answer"]),
        ({"only": ["model:gpt-*"]}, ["answer"]),
        ({"only": ["branch:0"]}, ["answer", "look", "cook"]),
    ):
        found = replay.diff(old, new, **rules)
        assert [row.step.name for row in found.rows] == left
        assert found.left_out == 3 - len(left)
        assert [row.number for row in found.rows] == sorted(row.number for row in found.rows)


def test_only_and_ignore_choose_fields():
    old, new = (chat(said("user", "Hello."), temperature=t, top_p=t) for t in (0, 1))
    pair = (old, completion("Hi.")), (new, completion("Ho."))
    assert paths(only_row(*pair, ignore=["temperature", "response"])) == ["request.top_p"]
    assert paths(only_row(*pair, only=["response.content"])) == ["response.content"]
    set_aside = only_row(*pair, ignore=["request.*", "response"])
    assert (set_aside.mark, set_aside.differs) == ("≈", False)


def test_a_word_that_means_nothing_and_a_choice_of_nothing_are_errors():
    with pytest.raises(UsageError, match="names no steps"):
        replay.diff(run((HELLO, 1)), run((HELLO, 1)), ignore=["?!"])
    with pytest.raises(UsageError, match="leaves no step") as caught:
        replay.diff(run((HELLO, 1)), run((HELLO, 1)), only=["name:lok_order"])
    assert "llm" in caught.value.hint


# How it is used ------------------------------------------------------------------------------------------------------


def test_the_document_is_plain_json_and_says_it_all():
    old, new = run((HELLO, completion("Hi.")), (tool("look"), 1)), run((HELLO, completion("Ho.")))
    told = json.loads(json.dumps(replay.diff(old, new).to_dict()))
    assert (told["identical"], told["first"], told["left_out"]) == (False, 1, 0)
    assert told["counts"] == {"=": 0, "≈": 0, "≠": 1, "+": 0, "-": 1, "moved": 0}
    changed, gone = told["rows"]
    assert changed["changes"] == [{"path": "response.content", "how": "changed", "before": "Hi.", "after": "Ho."}]
    assert (gone["mark"], gone["b"], gone["a"]["name"]) == ("-", None, "look")
    assert gone["chain"][-1] == {"row": 2, "cause": gone["cause"]}


def test_rows_are_found_by_the_number_of_their_step():
    found = replay.diff(run((tool("x"), 1), (tool("y"), 2)), run((tool("y"), 2)))
    assert found.row(1).step.name == "y"
    assert (found.row(1, "a").step.name, found.row(2)) == ("x", None)
    assert (found.row(1).index_a, found.row(1).index_b) == (1, 0)


def test_files_are_compared_by_path_and_in_a_fresh_process_whatever_was_imported_first():
    path = "cassettes/support_agent.cassette"
    code = f"import replay.diff.model, replay; print(replay.diff({path!r}, {path!r}).identical)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "True\n"


def test_every_field_of_the_document_is_described():
    described = Path(document.__file__).with_name("FORMAT.md").read_text(encoding="utf-8")
    whole, _, row = described.partition("## A row")
    old, new = run((HELLO, completion("Hi.")), (tool("look"), 1)), run((HELLO, completion("Ho.")))
    found = replay.diff(old, new).to_dict()
    for text, fields, part in ((whole, found, "a"), (row, found["rows"][0], "a")):
        names = set(re.findall(r"`([\w.]+)`", "".join(re.findall(r"^\|([^|]*)\|", text, re.MULTILINE))))
        assert names - {"schema"} == {*fields, *(f"{part}.{name}" for name in fields[part])}
