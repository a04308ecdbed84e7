"""The rule-based model reads what it is given: change one thing, and what it does changes."""

from __future__ import annotations

import json
from random import Random

import pytest

from replay.testing.model import decide
from replay.testing.turn import Message, Prompt, Tool, ToolCall, Turn
from tests.testing.offers import DESCRIPTIONS, QUESTION, SCHEMAS, made, result, schema

TOOLS = tuple(Tool(name, DESCRIPTIONS[name], schema(name)) for name in SCHEMAS)


def turns(question: str, system: str = "", answer=result, tools: tuple[Tool, ...] = TOOLS) -> list[Turn]:
    """All turns of a loop in which ``answer`` gives the tools' results."""
    messages = [Message("system", system), Message("user", question)]
    done: list[Turn] = []
    while not done or done[-1].calls:
        done.append(decide(Prompt("m", tuple(messages), tools), Random(len(done))))
        calls = tuple(ToolCall(c.name, c.arguments, f"{len(done)}.{i}") for i, c in enumerate(done[-1].calls))
        messages.append(Message("assistant", done[-1].text, calls))
        messages += [Message("tool", json.dumps(answer(c.name, c.arguments)), call_id=c.id) for c in calls]
    return done


def called(done: list[Turn]) -> list[set]:
    return [made([(call.name, call.arguments) for call in turn.calls]) for turn in done if turn.calls]


def test_only_the_order_that_the_asking_clause_names_is_refunded():
    refunds = [call for turn in turns(QUESTION) for call in turn.calls if call.name == "refund_order"]
    assert [call.arguments for call in refunds] == [{"order_id": 9, "amount": 42.5}]


def test_nothing_is_refunded_unless_asked():
    assert called(turns("Where is order 7?")) == [{("lookup_order", 7)}]


@pytest.mark.parametrize(
    ("system", "told"),
    [
        ("Refunds: at most 20 EUR.", "the limit is 20"),
        ("Refund policy: max 20.", "the limit is 20"),
        ("Never refund more than 20 EUR.", "the limit is 20"),
        ("Only refund damaged orders.", "only damaged orders"),
    ],
)
def test_a_refund_policy_in_the_prompt_stops_the_refund_and_is_named(system, told):
    done = turns(QUESTION, system)
    assert ("refund_order", 9) not in set().union(*called(done))
    assert told in done[-1].text


def test_a_higher_limit_lets_it_through():
    assert {("refund_order", 9)} in called(turns(QUESTION, "Refunds: at most 50 EUR."))


def test_a_changed_result_changes_the_next_call():
    def elsewhere(name, arguments):
        return result(name, arguments) | ({"city": "Bergen"} if name == "lookup_order" else {})

    done = turns("Where is order 7?", "Always check the delivery estimate.", elsewhere)
    assert called(done)[1] == {("delivery_estimate", "Bergen")}
    assert "Bergen" in done[-1].text


def test_a_failed_lookup_is_quoted_and_nothing_is_refunded():
    done = turns(QUESTION, answer=lambda name, arguments: {"error": "no such order"})
    assert set().union(*called(done)) == {("lookup_order", 7), ("lookup_order", 9)}
    assert "no such order" in done[-1].text


def test_a_missing_number_is_asked_for():
    assert "I need your order id" in turns("Where is my order?")[-1].text


def test_a_tool_that_is_not_offered_is_not_called():
    assert called(turns(QUESTION, tools=TOOLS[2:])) == []


@pytest.mark.parametrize(
    ("system", "sign"),
    [
        ("Answer in French.", ("Bonjour", "Merci")),
        ("Answer in German.", ("Guten", "Hallo", "Danke")),
        ("Be formal.", ("Dear customer",)),
        ("Today is 2031-05-06. Be brief.", ("As of 2031-05-06",)),
    ],
)
def test_the_prompt_sets_language_tone_and_date(system, sign):
    assert turns("Thank you for the lamp.", system)[-1].text.startswith(sign)


@pytest.mark.parametrize(
    ("question", "label"),
    [("I want a refund", "refund"), ("When is the delivery?", "delivery"), ("Nice shop", "other")],
)
def test_it_classifies_by_shared_words(question, label):
    system = "Classify the message as one of: refund, delivery, other."
    assert turns(question, system)[-1].text == label


def test_sampling_changes_words_but_never_calls():
    prompt = Prompt("m", (Message("user", "Hello, my kettle leaks."),))
    assert len({decide(prompt, Random(n)).text for n in range(30)}) > 3
    asking = Prompt("m", (Message("user", QUESTION),), TOOLS)
    assert len({str(decide(asking, Random(n)).calls) for n in range(10)}) == 1
