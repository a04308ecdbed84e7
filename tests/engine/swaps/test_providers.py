"""Another provider in the model's place: the program's client speaks its own wire format, the server another one."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import aiohttp
import anthropic
import openai
import pytest
import requests

import replay
from replay.errors import UsageError
from replay.testing import ModelServer, Reply
from tests.engine.swaps.stage import Played, Stage

QUESTION = "Where is order 7, and can you please refund order 9?"
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "integer"}}, "required": ["order_id"]}


@replay.tool(effect="read")
def lookup_order(order_id: int) -> dict[str, Any]:
    return {"order_id": order_id, "status": "shipped", "city": "Porto"}


def ask_openai(*, stream: bool) -> str:
    """Turn by turn until it answers in words."""
    function = {"name": "lookup_order", "description": "Look up an order.", "parameters": SCHEMA}
    messages: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    options = {"model": "gpt-5-mini", "tools": [{"type": "function", "function": function}], "max_tokens": 200}
    with openai.OpenAI(max_retries=0) as client:
        for _ in range(4):
            message = (_streamed if stream else _whole)(client, {**options, "messages": messages})
            if not message["tool_calls"]:
                return message["content"]
            messages.append(message)
            for call in message["tool_calls"]:
                value = lookup_order(**json.loads(call["function"]["arguments"]))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(value)})
    raise AssertionError("it never answers")


def _whole(client: openai.OpenAI, options: dict[str, Any]) -> dict[str, Any]:
    answer = client.chat.completions.create(**options)
    assert answer.usage.total_tokens > 0
    return {"tool_calls": None, **answer.choices[0].message.model_dump(exclude_none=True)}


def _streamed(client: openai.OpenAI, options: dict[str, Any]) -> dict[str, Any]:
    with client.chat.completions.stream(**options, stream_options={"include_usage": True}) as stream:
        answer = stream.get_final_completion()
    assert answer.usage.total_tokens > 0
    message = answer.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"})
    for call in message.get("tool_calls") or ():
        call["function"].pop("parsed_arguments", None)
        call.pop("index", None)
    return {"tool_calls": None, **message}


def ask_anthropic(*, stream: bool) -> str:
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    tools = [{"name": "lookup_order", "description": "Look up an order.", "input_schema": SCHEMA}]
    options = {"model": "claude-haiku-4-5", "max_tokens": 200, "system": "Be brief.", "tools": tools}
    with anthropic.Anthropic(max_retries=0) as client:
        for _ in range(4):
            if stream:
                with client.messages.stream(**options, messages=messages) as streaming:
                    answer = streaming.get_final_message()
            else:
                answer = client.messages.create(**options, messages=messages)
            assert answer.usage.input_tokens > 0
            calls = [block for block in answer.content if block.type == "tool_use"]
            if answer.stop_reason != "tool_use":
                return "".join(block.text for block in answer.content if block.type == "text")
            results = [
                {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(lookup_order(**call.input))}
                for call in calls
            ]
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    raise AssertionError("it never answers")


WAYS = {
    "openai": (ask_openai, "model=anthropic:claude-haiku-4-5", "/v1/messages"),
    "anthropic": (ask_anthropic, "model=openai:gpt-5", "/v1/chat/completions"),
}


@pytest.fixture
def swapped(models: ModelServer, tmp_path, monkeypatch) -> Callable[..., tuple[Stage, Played]]:
    """Records an agent and plays it with a swap."""
    for name, value in models.env().items():
        monkeypatch.setenv(name, value)

    def swapped(ask: Callable[[], str], swap: str) -> tuple[Stage, Played]:
        stage = Stage(ask, tmp_path / "run.cassette", models, tmp_path)
        with replay.record(stage.cassette):
            ask()
        return stage, stage.play(swap)

    return swapped


@pytest.mark.parametrize("stream", [False, True], ids=["json", "streamed"])
@pytest.mark.parametrize("client", WAYS)
def test_the_other_provider_answers_with_tools(swapped, client, stream):
    ask, swap, path = WAYS[client]
    stage, played = swapped(partial(ask, stream=stream), swap)
    assert {request["path"] for request in stage.models.requests()} == {path}
    assert {json.loads(request["body"]).get("stream", False) for request in stage.models.requests()} == {stream}
    assert "status shipped" in played.said
    assert played.origins == {"live": 2, "served": 2}
    assert played.fork.tools == ["lookup_order", "lookup_order"]
    first = played.first(stage.cassette)
    assert (first.number, first.cause.swap) == (1, swap)
    assert played.fork.usage.output > 0 and played.fork.cost
    stage.plays_alone(played)


@pytest.mark.parametrize("client", WAYS)
def test_a_stream_is_handed_on_as_it_comes(swapped, client):
    ask, swap, _ = WAYS[client]
    _, played = swapped(partial(ask, stream=True), swap)
    assert all(len(event.answer.chunks) > 2 for event in played.fork.events if event.origin == "live")


ERRORS = {"openai": openai.RateLimitError, "anthropic": anthropic.RateLimitError}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "streamed"])
@pytest.mark.parametrize("client", WAYS)
def test_its_refusal_is_the_clients_own_error(models, tmp_path, monkeypatch, client, stream):
    for name, value in models.env().items():
        monkeypatch.setenv(name, value)
    ask, swap, path = WAYS[client]
    with replay.record(tmp_path / "run.cassette"):
        ask(stream=stream)
    models.script([Reply(status=429, only=path)])
    with (
        replay.play(tmp_path / "run.cassette", swaps=[swap], on_divergence="live"),
        pytest.raises(ERRORS[client], match="scripted 429"),
    ):
        ask(stream=stream)


def test_without_a_key_it_says_which_variable_to_set(swapped, monkeypatch):
    def ask() -> str:
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
        return ask_openai(stream=False)

    _, played = swapped(ask, "model=anthropic:claude-haiku-4-5")
    assert isinstance(played.error, UsageError)
    assert "set ANTHROPIC_API_KEY" in played.error.hint
    assert played.calls == 0


def test_what_the_other_format_cannot_say_is_told_and_not_dropped(swapped):
    def ask() -> str:
        with openai.OpenAI(max_retries=0) as client:
            kind: Any = {"type": "json_object"}
            words: Any = [{"role": "user", "content": "hello"}]
            return client.chat.completions.create(model="m", messages=words, response_format=kind).model

    _, played = swapped(ask, "model=anthropic:claude-haiku-4-5")
    assert isinstance(played.error, UsageError)
    assert played.error.message == "the parameter response_format cannot be said in the anthropic format"
    assert played.calls == 0


BODY = {"model": "m", "messages": [{"role": "user", "content": "Where is order 7?"}]}


def _by_requests(url: str) -> Any:
    return requests.post(url, json=BODY, headers={"authorization": "Bearer x"}, timeout=30).json()


def _by_urllib(url: str) -> Any:
    asked = urllib.request.Request(url, json.dumps(BODY).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


async def _by_aiohttp(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.post(url, json=BODY) as answer:
        return await answer.json()


@pytest.mark.parametrize("ask", [_by_requests, _by_urllib, _by_aiohttp])
async def test_clients_that_cannot_send_another_request_themselves_have_it_sent(models, tmp_path, monkeypatch, ask):
    async def asked() -> Any:
        answer = ask(f"{models.openai}/chat/completions")
        return answer if isinstance(answer, dict) else await answer

    for name, value in models.env().items():
        monkeypatch.setenv(name, value)
    with replay.record(tmp_path / "run.cassette"):
        await asked()
    for swap, path in (("model=gpt-5", "/v1/chat/completions"), ("model=anthropic:claude-haiku-4-5", "/v1/messages")):
        models.reset()
        with replay.play(
            tmp_path / "run.cassette", swaps=[swap], on_divergence="live", save=tmp_path / "fork.cassette"
        ):
            answer = await asked()
        assert answer["object"] == "chat.completion" and answer["choices"][0]["message"]["content"]
        assert [request["path"] for request in models.requests()] == [path]
        with replay.play(tmp_path / "fork.cassette") as run:
            assert await asked() == answer
        assert run.result.identical
