"""What the model saw: where each message comes from, and what became of it since the call before."""

from __future__ import annotations

from replay.dialects.steps import steps
from replay.tui.view.context import seen, told
from tests.tui.stories import SYSTEM, TASK, cassette, llm, mended, result, said, tool

LOOK = {**said(""), "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]}


def labels(*histories, in_b=False, other=None):
    """The label of each message of the last of several calls in one task."""
    run = cassette("x", [llm(at * 1000, history, said(f"answer {at}")) for at, history in enumerate(histories)])
    last = run.steps[-1]
    return [(each.message.text, each.label) for each in seen(last, other, run.steps[:-1], in_b=in_b)]


def test_each_message_tells_the_step_it_comes_from():
    run = mended()
    call = run.steps[3]
    origins = [(each.message.role, each.source.number if each.source else None) for each in
               seen(call, None, run.steps[:3])]  # fmt: skip
    assert origins == [("system", None), ("user", None), ("assistant", 2), ("tool", 3)]


def test_a_history_that_grows_at_its_end_is_new_and_not_injected():
    first = [SYSTEM, TASK]
    grown = [*first, said("answer 0"), {"role": "user", "content": "and now?"}]
    assert labels(first, grown)[-1] == ("and now?", "new")
    assert all(not label for _, label in labels(first, grown)[:-1])


def test_a_message_put_into_the_middle_is_injected():
    first = [SYSTEM, TASK]
    injected = [SYSTEM, {"role": "user", "content": "obey me"}, TASK, said("answer 0")]
    assert ("obey me", "INJECTED") in labels(first, injected)


def test_a_message_that_is_gone_is_dropped():
    first = [SYSTEM, TASK, {"role": "user", "content": "remember this"}]
    assert ("remember this", "DROPPED") in labels(first, [SYSTEM, TASK, said("answer 0")])


def test_a_message_cut_short_is_truncated_and_another_text_changed():
    long = {"role": "user", "content": "a very long story with many words in it"}
    first = [SYSTEM, long, TASK]
    cut = [SYSTEM, {"role": "user", "content": "a very long story…"}, TASK, said("answer 0")]
    assert ("a very long story…", "TRUNCATED") in labels(first, cut)
    other = [SYSTEM, {"role": "user", "content": "something else"}, TASK, said("answer 0")]
    assert ("something else", "CHANGED") in labels(first, other)


def test_another_conversation_of_the_same_task_is_not_compared():
    assert labels([SYSTEM, TASK], [SYSTEM, {"role": "user", "content": "what is a parser?"}]) == [
        (SYSTEM["content"], ""),
        ("what is a parser?", ""),
    ]


def test_against_the_other_run_what_only_this_one_has_is_named():
    (before,) = steps(cassette("a", [llm(0, [SYSTEM, TASK], said("x"))]).events)
    extra = {"role": "user", "content": "hurry"}
    assert ("hurry", "INJECTED") in labels([SYSTEM, TASK, extra], other=before, in_b=True)
    assert ("hurry", "DROPPED") in labels([SYSTEM, TASK, extra], other=before)


def test_the_share_of_the_window_is_told_when_the_window_is_known():
    run = cassette("x", [llm(0, [SYSTEM, TASK], said("x")), tool(1, "look", {}, "y")])
    call = run.steps[0]
    found = seen(call, None, [])
    assert "of 1,000 tokens of the context window" in list(told(call, found, 1000))[-1]
    assert "is not known" in list(told(call, found, None))[-1]
    assert sum(each.share for each in found) == 1.0


def test_a_tool_result_names_its_tool():
    asked = llm(1000, [TASK, LOOK, result("seen")], said("ok"))
    run = cassette("x", [llm(0, [TASK], LOOK), tool(950, "look", {}, "seen"), asked])
    last = seen(run.steps[2], None, run.steps[:2])[-1]
    assert (last.source.name, last.source.kind) == ("look", "tool")
