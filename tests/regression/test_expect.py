"""Assertions on a run, over real recordings of an agent."""

from __future__ import annotations

import re

import httpx
import pytest

import replay
from replay.regression.trajectory import Trajectory
from replay.testing import Reply


@replay.tool
def lookup_order(order_id: int) -> dict:
    return {"order_id": order_id, "status": "delivered"}


@replay.tool
def refund_order(order_id: int, amount: float, reason: str) -> str:
    return "refunded"


def ask(models, *contents: str, system: str = "Be kind.") -> str:
    """One call; ``contents`` alternate between user and assistant."""
    messages = [{"role": "system", "content": system}]
    messages += [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(contents)]
    body = {"model": "gpt-5-mini", "messages": messages}
    return httpx.post(f"{models.openai}/chat/completions", json=body).json()["choices"][0]["message"]["content"]


@pytest.fixture
def run(models, tmp_path):
    """A run of an agent, and its trajectory, still open."""
    path = tmp_path / "run.cassette"
    models.script([Reply(say="Looking."), Reply(say="Order 7 was refunded.")])
    with replay.record(path) as run:
        ask(models, "Refund order 7")
        lookup_order(7)
        refund_order(order_id=7, amount=12.5, reason="it came broken")
        ask(models, "Refund order 7", "Looking.", "go on")
        yield Trajectory(path, None, run.output)


def said(check) -> list[str]:
    with pytest.raises(AssertionError) as raised:
        check()
    return str(raised.value).splitlines()


def test_sentences_that_hold_can_be_chained(run):
    expect = run.expect
    assert expect.called("lookup_order", "refund_order").llm_calls(2).no_secret().stable_prefix() is expect
    expect.called_in_any_order("refund_order", ("lookup_order", {"order_id": 7}))
    expect.called_among_others(("refund_order", {"amount": lambda amount: amount < 20, "reason": re.compile("broken")}))
    expect.not_called("delete_order", ("lookup_order", {"order_id": 8}))
    expect.llm_calls(at_most=2).tokens(at_most=10_000).latency(at_most=60).cost(at_most=0.01)
    expect.no_call_to("*.example.com").output(re.compile("refunded"))


def test_another_order_is_shown_as_a_diff(run):
    assert said(lambda: run.expect.called("refund_order", "lookup_order")) == [
        "expected exactly these tool calls, in this order:",
        ' + lookup_order {"order_id":7}   (called instead)',
        ' = refund_order {"order_id":7,"amount":12.5,"reason":"it came broken"}',
        " - lookup_order   (expected)",
    ]


def test_other_arguments_are_shown_field_by_field(run):
    wanted = ("refund_order", {"order_id": 8, "reason": re.compile("late"), "note": ...})
    assert said(lambda: run.expect.called("lookup_order", wanted)) == [
        "expected exactly these tool calls, in this order:",
        ' = lookup_order {"order_id":7}',
        ' ≠ refund_order {"order_id":7,"amount":12.5,"reason":"it came broken"}',
        "     arguments.order_id: expected 8, got 7",
        "     arguments.reason: expected text that matches 'late', got 'it came broken'",
        "     arguments.note: expected anything, there is none",
    ]


def test_what_is_missing_or_too_much_is_named(run):
    assert said(lambda: run.expect.called_in_any_order("lookup_order", "ship_order")) == [
        "expected exactly these tool calls, in any order:",
        " - ship_order   (expected)",
        ' + refund_order {"order_id":7,"amount":12.5,"reason":"it came broken"}   (called)',
    ]
    assert said(lambda: run.expect.called_among_others("lookup_order", "lookup_order"))[1] == (
        " - lookup_order   (expected)"
    )
    assert said(lambda: run.expect.not_called("refund_order"))[0] == "these tools were not to be called:"


def test_a_loose_pattern_does_not_take_the_call_of_a_strict_one(models, tmp_path):
    with replay.record(tmp_path / "a.cassette"):
        lookup_order(7)
        lookup_order(8)
        run = Trajectory(tmp_path / "a.cassette", None, lambda value: None)
        run.expect.called_in_any_order("lookup_order", ("lookup_order", {"order_id": 7}))
        run.expect.called_in_any_order(("lookup_order", {"order_id": 8}), "lookup_order")


def test_amounts_say_what_they_were(run):
    assert said(lambda: run.expect.llm_calls(3))[0] == "expected 3 LLM calls; 2 were made"
    assert said(lambda: run.expect.llm_calls(at_most=1))[0] == "expected at most 1 LLM calls; 2 were made"
    assert said(lambda: run.expect.tokens(at_most=1))[0].startswith("expected at most 1 tokens; there were ")
    assert said(lambda: run.expect.cost(at_most=0))[0].startswith("expected a cost of at most $0.0000; it is $0.0")
    assert said(lambda: run.expect.latency(at_most=0))[0].startswith("expected at most 0.00 s in calls; it were ")


def test_an_unknown_price_is_never_nothing(models, tmp_path):
    with replay.record(tmp_path / "a.cassette"):
        body = {"model": "my-own-model", "messages": [{"role": "user", "content": "hello"}]}
        httpx.post(f"{models.openai}/chat/completions", json=body)
    run = Trajectory(tmp_path / "a.cassette", None, lambda value: None)
    assert said(lambda: run.expect.cost(at_most=100))[0].startswith("the cost is not known: no price of my-own-model")


def test_the_output_is_what_was_kept_else_the_last_answer(run):
    assert run.output == "Order 7 was refunded."
    run.expect.output("Order 7 was refunded.")
    run.keep({"order": {"id": 7, "refunded": True}, "items": [1, 2], "at": "2026-11-22"})
    run.expect.output({"order": {"refunded": True}, "items": [1, ...]})
    assert said(lambda: run.expect.output({"order": {"id": 8}, "items": [1], "by": "me"})) == [
        "the output is not as expected",
        "   output.order.id: expected 8, got 7",
        "   output.items: expected [1], got [1, 2]",
        "   output.by: expected 'me', there is none",
    ]


def test_a_function_may_decide_with_a_reason(run):
    def polite(text):
        return "please" in text, "it never says please"

    assert said(lambda: run.expect.output(satisfying=polite)) == [
        "the output is not as expected",
        "   polite says no: it never says please, to 'Order 7 was refunded.'",
    ]


def test_a_judges_calls_are_recorded_and_no_part_of_what_is_judged(run, models):
    models.script([Reply(say="yes")])
    run.expect.output(judged_by=lambda text: ask(models, f"Is this right? {text}") == "yes")
    run.expect.llm_calls(2)
    assert run.output == "Order 7 was refunded."
    assert sum(step.kind == "llm" for step in run.now().steps) == 3


def test_a_judge_replays(models, tmp_path):
    def judge(text):
        return ask(models, f"Is this right? {text}") == "yes"

    models.script([Reply(say="done"), Reply(say="yes")])
    for session in (replay.record, replay.play):
        last = tmp_path / "last.cassette"
        options = {} if session is replay.record else {"save": last}
        with session(tmp_path / "a.cassette", **options) as run:
            ask(models, "Do it")
            path = tmp_path / "a.cassette" if session is replay.record else last
            Trajectory(path, None, run.output).expect.output(judged_by=judge).llm_calls(1)
    assert run.result.identical and models.calls == 2


def test_a_host_that_was_called_is_named(run, models):
    lines = said(lambda: run.expect.no_call_to("*.example.com", "127.0.0.*"))
    assert lines[1] == f"   1 llm {models.openai}/chat/completions" and len(lines) == 3


def test_a_secret_in_a_prompt_is_found_and_not_shown(models, tmp_path):
    key = "sk-" + "proj-" + "a1B2c3D4e5F6g7H8" * 3
    with replay.record(tmp_path / "a.cassette"):
        ask(models, f"my key is {key}")
        lines = said(Trajectory(tmp_path / "a.cassette", None, lambda value: None).expect.no_secret)
    assert lines == ["a secret is in what crossed the boundary", "   1 llm answer: in the request"]


def test_a_recorded_latency_is_told_on_replay(models, tmp_path):
    with replay.record(tmp_path / "a.cassette"):
        ask(models, "hello")
    recorded = replay.open(tmp_path / "a.cassette").steps[0].duration
    assert recorded is not None
    with replay.play(tmp_path / "a.cassette", save=tmp_path / "b.cassette"):
        ask(models, "hello")
        run = Trajectory(tmp_path / "b.cassette", tmp_path / "a.cassette", lambda value: None)
        run.expect.latency(at_most=recorded / 1e9)
        assert said(lambda: run.expect.latency(at_most=recorded / 2e9))
