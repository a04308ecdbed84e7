"""Each kind of swap: the agent behaves otherwise, what it does not touch is served, the first difference is it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import replay
from replay.errors import UsageError

LOOKED_UP = {"order_id": 9, "item": "rubber duck", "status": "lost", "city": "Porto", "total": 5.0, "currency": "EUR"}


def test_nothing_swapped_is_the_recorded_run(stage):
    played = stage.play()
    assert played.result.identical
    assert (played.calls, played.origins) == (0, {"served": 10})


def test_another_model_is_asked_and_the_tools_are_served(stage):
    played = stage.play(replay.swap.model("gpt-5"))
    assert {json.loads(request["body"])["model"] for request in stage.models.requests()} == {"gpt-5"}
    assert (played.calls, played.origins) == (5, {"live": 5, "served": 5})
    first = played.first(stage.cassette)
    assert (first.number, first.cause.kind, first.cause.swap) == (1, "swap", "model=gpt-5")
    stage.plays_alone(played)


def test_another_model_at_one_step_leaves_the_others(stage):
    played = stage.play(replay.swap.model("gpt-5", at=1))
    assert (played.calls, played.origins) == (1, {"live": 1, "served": 9})
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_another_base_url_is_asked_by_the_same_client(stage):
    other = f"http://localhost:{stage.models.port}/v1"
    played = stage.play(f"model@1=gpt-5@{other}")
    assert played.calls == 1
    assert played.fork.events[0].request.target == f"{other}/chat/completions"
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_another_system_prompt_changes_what_the_agent_does(stage):
    told = "You are a support agent of a small shop. Never issue a refund."
    played = stage.play(replay.swap.prompt("system", told, at="2-"))
    assert "refund" not in [step.name for step in played.fork.steps if step.kind == "tool"]
    assert "refund_order" not in played.fork.tools
    assert played.fork.events[0].origin == "served"
    assert played.first(stage.cassette).cause.swap.startswith("prompt:system@2-=")
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_words_of_the_prompt_are_replaced_where_a_pattern_finds_them(stage):
    played = stage.play("prompt:/at most \\d+ EUR/=at most 10 EUR")
    assert "the limit is 10" in played.said
    assert played.origins == {"served": 5, "live": 3}
    assert played.first(stage.cassette).number == 2
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_message_by_role_and_number(stage):
    played = stage.play(replay.swap.prompt("user[0]", "Where is order 9?"))
    assert "refund_order" not in played.fork.tools
    assert played.said.startswith("[")
    assert played.first(stage.cassette).number == 1
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_message_more(stage):
    played = stage.play(replay.swap.insert("system", "Never issue a refund.", before=1, at="2-"))
    assert played.fork.tools == ["lookup_order", "lookup_order", "delivery_estimate", "delivery_estimate"]
    assert [message.role for message in played.fork.steps[1].request.messages] == ["system", "system", "user"]
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_message_fewer(stage):
    played = stage.play(replay.swap.drop("system", at="2-"))
    assert played.fork.steps[1].request.messages[0].role == "user"
    assert "delivery_estimate" not in played.fork.tools, "nothing tells it to check the estimate"
    assert played.first(stage.cassette).number == 2
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_parameter(stage):
    played = stage.play(replay.swap.param("max_tokens", 3, at=13))
    assert (played.calls, played.origins) == (1, {"live": 1, "served": 9})
    assert played.fork.steps[-1].answer.finish_reason == "length"
    assert played.first(stage.cassette).number == 13
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_tool_is_no_longer_offered(stage):
    played = stage.play(replay.swap.tooldef("refund_order", None))
    assert "refund_order" not in played.fork.tools
    assert played.first(stage.cassette).number == 2
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_tool_more_is_offered(stage, monkeypatch):
    async def delivery_history(order_id: int) -> dict[str, Any]:
        return {"shelf": "C4"}

    monkeypatch.setitem(stage.ask.args[0].TOOLS, "delivery_history", delivery_history)
    schema = {"type": "object", "properties": {"order_id": {"type": "integer"}}, "required": ["order_id"]}
    definition = {"description": "Where a parcel was left.", "parameters": schema}
    played = stage.play(replay.swap.tooldef("delivery_history", definition, add=True))
    assert "shelf C4" in played.said
    assert played.first(stage.cassette).number == 2
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_tools_schema_is_another(stage):
    schema = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    played = stage.play(replay.swap.tooldef("lookup_order", schema, at=2))
    assert played.fork.steps[1].request.tools[0].parameters == schema
    assert played.fork.steps[1].answer.tool_calls[0].arguments == '{"order_id":"7"}'
    assert played.first(stage.cassette).cause.kind == "swap"


def test_a_tools_value(stage):
    played = stage.play(replay.swap.tool("lookup_order", LOOKED_UP, at="5"), allow_effects=["refund_order"])
    assert "status lost" in played.said
    assert [step.source.origin for step in played.fork.steps[:5]] == ["served", "served", "served", "served", "swapped"]
    first = played.first(stage.cassette)
    assert (first.b.name, first.cause.kind) == ("lookup_order", "swap")
    stage.plays_alone(played)


def lost(order_id: int) -> dict[str, Any]:
    return {**LOOKED_UP, "order_id": order_id}


@pytest.mark.parametrize("named", [lost, f"{__name__}:lost"])
def test_a_function_in_the_place_of_a_tool(stage, named):
    swap = replay.swap.tool("lookup_*", named) if callable(named) else f"tool:lookup_*={named}"
    played = stage.play(swap, allow_effects=["refund_order"])
    assert played.said.count("rubber duck, status lost") == 2
    assert played.origins["swapped"] == 2
    assert stage.models.refunds() == [{**stage.models.refunds()[0], "order_id": 9, "amount": 5.0}]
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_an_endpoint_in_the_place_of_a_tool(stage):
    stage.models.reset()
    played = stage.play(replay.swap.tool("refund_order", f"{stage.models.url}/refunds"), allow_effects=["refund_order"])
    assert [request["path"] for request in stage.models.requests()] == ["/refunds", "/v1/chat/completions"]
    assert played.fork.steps[-2].source.origin == "live"
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_an_answer_of_an_http_endpoint_reaches_the_tool_that_asked(stage):
    played = stage.play(replay.swap.http("GET http://*/orders/9", LOOKED_UP), allow_effects=["refund_order"])
    assert "status lost" in played.said
    swapped = [step.name for step in played.fork.steps if step.source and step.source.origin == "swapped"]
    assert swapped == ["lookup_order", f"GET 127.0.0.1:{stage.models.port}/orders/9"]
    assert "/orders/7" not in [request["path"] for request in stage.models.requests()]
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_an_http_endpoint_elsewhere(stage):
    swap = f"http:POST http://*/refunds={stage.models.url}/nowhere"
    played = stage.play(swap, allow_effects=["refund_order"])
    assert stage.models.requests()[0]["path"] == "/nowhere"
    assert not stage.models.refunds()
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_an_answer_of_the_model_in_words(stage):
    played = stage.play(replay.swap.response(2, "I cannot help with that."))
    assert played.said == "[refund] I cannot help with that."
    assert (played.calls, played.origins) == (0, {"served": 1, "swapped": 1})
    first = played.first(stage.cassette)
    assert (first.number, first.cause.kind) == (2, "swap")
    stage.plays_alone(played)


def test_an_answer_of_the_model_that_calls_a_tool(stage):
    calls = [{"name": "lookup_order", "arguments": {"order_id": 7}}]
    played = stage.play(replay.swap.response(2, {"tool_calls": calls}))
    assert played.fork.tools[0] == "lookup_order"
    assert played.fork.steps[2].source.origin == "served", "the same call was recorded"
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


def test_the_code_as_it_is_now(stage, monkeypatch):
    agent = stage.ask.args[0]
    monkeypatch.setattr(agent, "SYSTEM", agent.SYSTEM.replace("80 EUR", "10 EUR"))
    played = stage.play()
    assert "the limit is 10" in played.said
    assert played.origins == {"served": 5, "live": 3}


def test_several_at_once(stage):
    swaps = [replay.swap.model("gpt-5"), "param:temperature=0.5", replay.swap.prompt("/friendly/", "gruff")]
    played = stage.play(*swaps)
    request = played.fork.steps[1].request
    assert (request.model, request.params["temperature"], "gruff" in request.messages[0].text) == ("gpt-5", 0.5, True)
    assert played.fork.header.swaps == ("model=gpt-5", "param:temperature=0.5", "prompt:/friendly/=gruff")
    stage.plays_alone(played)
    assert played.first(stage.cassette).cause.kind == "swap"


@pytest.mark.parametrize(
    ("swap", "hint"),
    [
        ("tool:lookup=1", "tools: lookup_order, delivery_estimate, refund_order"),
        ("model@3=gpt-5", "LLM steps: 1 gpt-5-mini, 2 gpt-5-mini"),
        ("prompt:assistant[9]=x", "messages: system, user, assistant"),
        ("prompt:/zebra/=x", "no message of LLM steps: 1"),
        ("tooldef:search={}", "offered tools: lookup_order, refund_order, delivery_estimate; +NAME adds one"),
        ("http:GET http://elsewhere/*={}", "requests: POST http://127.0.0.1:"),
        ("response:99=x", "steps: 1 answer, 2 lookup_order"),
        ("param:temperature@span:planner=0", "LLM steps: 1 gpt-5-mini"),
    ],
)
def test_one_that_matches_nothing_says_what_there_is(stage, swap, hint):
    with pytest.raises(UsageError) as told:
        stage.play(swap)
    assert "matches nothing in the cassette" in told.value.message
    assert told.value.hint.startswith(hint)
    assert not list(stage.folder.glob("fork*")), "nothing was run, nothing written"
