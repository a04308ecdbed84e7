import json
from dataclasses import replace

import pytest

from replay.dialects import openai_chat, table
from replay.dialects.model import Usage
from replay.dialects.steps import steps
from replay.events import Answer, Chunk, End, Failure, Request
from tests.dialects.exchanges import (
    CHAT,
    GEMINI,
    MESSAGES,
    RESPONSES,
    answer,
    chat,
    chat_answer,
    chat_call,
    event,
    post,
    result,
    tool,
)

ASK = {"role": "user", "content": "where is order 7?"}
LOOKUP = chat_call(("c1", "lookup", {"order": 7}))
DONE = chat_call(text="shipped")


def shown(events):
    return [(step.kind, step.name, step.inferred) for step in steps(events)]


def loop(**rest):
    """Ask, call one tool, answer."""
    return [
        chat(0, [ASK], LOOKUP, **rest),
        chat(2, [ASK, LOOKUP, result("c1", "sent on 3 May")], DONE, **rest),
    ]


def test_a_tool_that_nobody_wrapped_is_inferred_between_the_two_calls():
    first, second = loop()
    found = steps([first, second])
    assert shown([first, second]) == [("llm", "lookup", False), ("tool", "lookup", True), ("llm", "answer", False)]
    inferred = found[1]
    assert (inferred.arguments, inferred.value) == ('{"order": 7}', "sent on 3 May")
    assert (inferred.event, inferred.at, inferred.duration, inferred.status) == (None, 5, 15, "ok")
    assert [step.number for step in found] == [1, 2, 3]


def test_a_recorded_tool_of_that_name_accounts_for_the_call():
    first, second = loop()
    events = [first, tool(1, "lookup", {"order": 7}, "sent on 3 May"), second]
    assert shown(events) == [("llm", "lookup", False), ("tool", "lookup", False), ("llm", "answer", False)]


def test_each_recorded_tool_accounts_for_one_call():
    both = chat_call(("c1", "lookup", {"order": 7}), ("c2", "lookup", {"order": 8}))
    events = [
        chat(0, [ASK], both),
        tool(1, "lookup", {"order": 7}, "a"),
        chat(2, [ASK, both, result("c1", "a"), result("c2", "b")], DONE),
    ]
    assert [kind for kind, name, _ in shown(events) if name == "lookup"] == ["tool", "tool"]


def test_a_tool_recorded_before_the_call_was_made_does_not_account_for_it():
    first, second = loop()
    events = [tool(9, "lookup", {}, "earlier"), first, second]
    assert shown(events)[2] == ("tool", "lookup", True)


def test_histories_that_repeat_infer_each_call_once():
    history, events = [ASK], []
    for turn in range(20):
        call = chat_call((f"c{turn}", "lookup", {"turn": turn}))
        events.append(chat(turn, history, call))
        history = [*history, call, result(f"c{turn}", f"r{turn}")]
    inferred = [step for step in steps(events) if step.inferred]
    assert [step.value for step in inferred] == [f"r{turn}" for turn in range(19)]


def test_a_server_that_uses_an_id_again_in_each_answer_still_shows_each_call():
    history, events = [ASK], []
    for turn in range(4):
        call = chat_call(("call_0", "lookup", {"turn": turn}))
        events.append(chat(turn, history, call))
        history = [*history, call, result("call_0", f"r{turn}")]
    inferred = [step for step in steps(events) if step.inferred]
    assert [(step.arguments, step.value) for step in inferred] == [(f'{{"turn": {n}}}', f"r{n}") for n in range(3)]


def test_tasks_that_use_the_same_ids_keep_their_own_calls():
    calls = {task: chat_call(("call_0", "lookup", {"task": task})) for task in ("0/a1", "0/a2", "0/a3")}
    events = [chat(n, [ASK], call, lineage=task) for n, (task, call) in enumerate(calls.items())]
    for n, (task, call) in enumerate(calls.items()):
        events.append(chat(10 + n, [ASK, call, result("call_0", f"of {task}")], DONE, lineage=task))
    inferred = [step for step in steps(events) if step.inferred]
    assert {(step.arguments, step.value) for step in inferred} == {
        (f'{{"task": "{task}"}}', f"of {task}") for task in calls
    }


def test_parallel_calls_come_in_the_order_of_their_results():
    both = chat_call(("c1", "lookup", {}), ("c2", "weather", {}))
    events = [chat(0, [ASK], both), chat(1, [ASK, both, result("c1", "a"), result("c2", "b")], DONE)]
    assert shown(events)[:3] == [
        ("llm", "lookup, weather", False),
        ("tool", "lookup", True),
        ("tool", "weather", True),
    ]


def test_a_result_whose_call_no_answer_of_this_run_made_is_no_step():
    assert shown(loop()[1:]) == [("llm", "answer", False)]


def test_what_an_inferred_tool_did_comes_after_it():
    first, second = loop()
    search = event(1, post("https://search.example/find?q=1", {}), answer({"hits": []}, end_at=12))
    assert [name for _, name, _ in shown([first, search, second])] == [
        "lookup",
        "lookup",
        "POST search.example/find",
        "answer",
    ]


FORMATS = [
    (
        MESSAGES,
        {"content": [{"type": "tool_use", "id": "t1", "name": "lookup", "input": {"order": 7}}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "sent"}]}]},
    ),
    (
        RESPONSES,
        {"output": [{"type": "function_call", "call_id": "t1", "name": "lookup", "arguments": '{"order":7}'}]},
        {"input": [{"type": "function_call_output", "call_id": "t1", "output": "sent"}], "previous_response_id": "r"},
    ),
    (
        GEMINI,
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "lookup", "args": {"order": 7}}}]}}]},
        {"contents": [{"parts": [{"functionResponse": {"name": "lookup", "response": {"result": "sent"}}}]}]},
    ),
    (
        GEMINI,
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "lookup", "args": {"order": 7}}}]}}]},
        {"contents": [{"parts": [{"function_response": {"name": "lookup", "response": {"result": "sent"}}}]}]},
    ),
]


@pytest.mark.parametrize(("url", "reply", "second"), FORMATS)
def test_tools_are_inferred_in_each_format(url, reply, second):
    asking = {MESSAGES: "messages", RESPONSES: "input", GEMINI: "contents"}[url]
    events = [
        event(0, post(url, {asking: []}), answer(reply, end_at=1)),
        event(1, post(url, second), answer({}, end_at=11)),
    ]
    inferred = steps(events)[1]
    assert (inferred.name, inferred.arguments, inferred.inferred) == ("lookup", '{"order":7}', True)
    assert "sent" in inferred.value


def test_a_gemini_history_without_ids_infers_each_call_once():
    contents, events = [{"role": "user", "parts": [{"text": "go"}]}], []
    for turn in range(4):
        said = {"role": "model", "parts": [{"functionCall": {"name": "lookup", "args": {"n": turn}}}]}
        events.append(event(turn, post(GEMINI, {"contents": contents}), answer({"candidates": [{"content": said}]})))
        told = {"functionResponse": {"name": "lookup", "response": {"n": turn}}}
        contents = [*contents, said, {"role": "user", "parts": [told]}]
    inferred = [step for step in steps(events) if step.inferred]
    assert [(step.arguments, step.value) for step in inferred] == [(f'{{"n":{n}}}', f'{{"n":{n}}}') for n in range(3)]


def test_without_ids_an_old_result_answers_no_later_call():
    """The second call is never answered, and the history still carries the result of the first."""
    said = {"role": "model", "parts": [{"functionCall": {"name": "lookup", "args": {}}}]}
    told = {"role": "user", "parts": [{"functionResponse": {"name": "lookup", "response": {"n": 0}}}]}
    go = {"role": "user", "parts": [{"text": "go"}]}
    histories = [[go], [go, said, told], [go, said, told, said, go]]
    events = [
        event(n, post(GEMINI, {"contents": contents}), answer({"candidates": [{"content": said}]}))
        for n, contents in enumerate(histories)
    ]
    assert len([step for step in steps(events) if step.inferred]) == 1


def test_of_a_long_history_only_what_is_new_is_looked_at(monkeypatch):
    looked_at = []

    def counting(body):
        for each in openai_chat.DIALECT.results(body):
            looked_at.append(each.id)
            yield each

    monkeypatch.setattr(table, "DIALECTS", (replace(openai_chat.DIALECT, results=counting),))
    history, events = [ASK], []
    for turn in range(50):
        call = chat_call((f"c{turn}", "lookup", {}))
        events.append(chat(turn, history, call))
        history = [*history, call, result(f"c{turn}", "r")]
    assert len([step for step in steps(events) if step.inferred]) == 49
    assert len(looked_at) < 100


def test_a_failed_tool_result_is_an_error():
    failed = {"type": "tool_result", "tool_use_id": "t1", "content": "boom", "is_error": True}
    url, reply, _ = FORMATS[0]
    events = [
        event(0, post(url, {"messages": []}), answer(reply)),
        event(1, post(url, {"messages": [{"role": "user", "content": [failed]}]}), answer({})),
    ]
    assert (steps(events)[1].status, steps(events)[1].error) == ("error", "boom")


def test_steps_nest_in_spans_and_tools():
    span = event(0, Request("span", "enter", "planner"), Answer(end=End(), end_at=90))
    first, second = loop(parent=0)
    events = [span, *[replaced(item, item.id + 1) for item in (first, second)]]
    events.append(tool(9, "outer", {}, 1, parent=0))
    events.append(event(10, post("https://x.example/", {}), answer({}), parent=9))
    found = steps(events)
    assert [(step.name, step.depth, step.parent) for step in found] == [
        ("planner", 0, None),
        ("lookup", 1, 1),
        ("lookup", 1, 1),
        ("answer", 1, 1),
        ("outer", 1, 1),
        ("POST x.example/", 2, 5),
    ]


def replaced(item, id):
    return event(id, item.request, item.answer, parent=item.parent)


@pytest.mark.parametrize("parent", [0, 5, 99, -1])
def test_a_parent_that_did_not_come_before_is_none(parent):
    assert steps([tool(0, "a", {}, 1, parent=parent)])[0].parent is None


def test_an_llm_step_tells_model_usage_and_times():
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    reply = answer({"model": "gpt-5-mini-2025", "choices": [{"message": DONE}], "usage": usage}, end_at=55)
    step = steps([event(4, post(CHAT, {"model": "gpt-5-mini", "messages": [ASK]}), reply, lineage="0/t1")])[0]
    assert (step.model, step.usage, step.value) == ("gpt-5-mini", Usage(3, 2), "shipped")
    assert (step.at, step.duration, step.lineage, step.event) == (40, 15, "0/t1", 4)
    assert step.request.messages[0].text == ASK["content"]
    assert step.answer.model == "gpt-5-mini-2025"


def test_a_tool_step_tells_arguments_value_and_failure():
    done = steps([tool(0, "lookup", {"order": 7}, {"at": "sea"})])[0]
    assert (done.arguments, done.value, done.status) == ('{"order": 7}', '{"at": "sea"}', "ok")
    failure = Answer(end=End("failed", Failure("shop.Lost", "no such order")))
    failed = steps([event(0, Request("tool", "call", "lookup", body=b"{}"), failure)])[0]
    assert (failed.value, failed.status, failed.error) == (None, "error", "shop.Lost: no such order")


def test_a_generator_tool_gives_the_list_of_its_items():
    items = Answer(chunks=(Chunk(b"1"), Chunk(b'"two"')), end=End())
    assert steps([event(0, Request("tool", "call", "count"), items)])[0].value == '[1,"two"]'


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (None, "pending"),
        (chat_answer(DONE, ending=None), "pending"),
        (chat_answer(DONE), "ok"),
        (chat_answer(DONE, ending="closed"), "closed"),
        (chat_answer(DONE, ending="broken", failure=Failure("httpx.ReadError", "reset")), "error"),
        (answer({"error": {"message": "no"}}, status=401), "error"),
    ],
)
def test_the_status_says_how_an_exchange_ended(reply, status):
    step = steps([event(0, post(CHAT, {"messages": [ASK]}), reply)])[0]
    assert step.status == status
    assert (step.duration is None) == (status == "pending")


def test_a_plain_exchange_shows_host_path_status_and_bodies():
    step = steps([event(0, post("https://x.example/a%20b?q=1", b"hi"), answer(b"gone", status=410))])[0]
    assert (step.kind, step.name) == ("http", "POST x.example/a b")
    assert (step.arguments, step.value, step.error) == ("hi", "gone", "HTTP 410")


def test_names_and_steps_are_found_without_reading_answers_that_call_nothing(monkeypatch):
    read = []
    monkeypatch.setattr("replay.dialects.lenient.parse", lambda data: read.append(data) or json.loads(data))
    found = steps([chat(n, [ASK], DONE) for n in range(5)])
    assert [step.name for step in found] == ["answer"] * 5
    assert read == []
