from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic, RateLimitError

from replay.testing import ModelServer, Reply
from tests.testing.offers import DESCRIPTIONS, EXPECTED, QUESTION, SCHEMAS, SYSTEM, made, result, schema

OFFERED: Any = [{"name": name, "description": DESCRIPTIONS[name], "input_schema": schema(name)} for name in SCHEMAS]
STEADY = {"temperature": 0}
HELLO: Any = [{"role": "user", "content": "Hello, my kettle leaks."}]


@pytest.fixture
def client(models: ModelServer):
    with Anthropic(base_url=models.anthropic, api_key="any", max_retries=0) as client:
        yield client


def tool_turns(ask) -> tuple[list[set[tuple[str, Any]]], str]:
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    turns = []
    while (message := ask(messages)).stop_reason == "tool_use":
        calls = [block for block in message.content if block.type == "tool_use"]
        turns.append(made([(call.name, call.input) for call in calls]))
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(result(call.name, call.input))}
            for call in calls
        ]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    return turns, message.content[0].text


def test_a_tool_loop_goes_as_with_the_others(client):
    def ask(messages):
        return client.messages.create(model="m", max_tokens=500, system=SYSTEM, messages=messages, tools=OFFERED)

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


def test_the_stream_helper_builds_the_same_messages(client):
    def ask(messages):
        with client.messages.stream(
            model="m", max_tokens=500, system=SYSTEM, messages=messages, tools=OFFERED
        ) as stream:
            return stream.get_final_message()

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


def test_the_events_come_in_the_documented_order(client):
    stream = client.messages.create(model="m", max_tokens=500, messages=HELLO, stream=True)
    kinds = [event.type for event in stream]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert kinds.count("content_block_delta") > 2


async def test_the_async_stream_joins_to_the_whole_text(models):
    async with AsyncAnthropic(base_url=models.anthropic, api_key="any") as client:
        whole = await client.messages.create(model="m", max_tokens=500, messages=HELLO, extra_body=STEADY)
        async with client.messages.stream(model="m", max_tokens=500, messages=HELLO, extra_body=STEADY) as stream:
            text = "".join([piece async for piece in stream.text_stream])
            final = await stream.get_final_message()
    assert text == whole.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens


def test_max_tokens_cuts_the_answer_and_says_so(client):
    message = client.messages.create(model="m", max_tokens=3, messages=HELLO)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 3


def test_a_scripted_429_is_the_sdks_own_error(client, models):
    models.script([Reply(status=429)])
    with pytest.raises(RateLimitError) as caught:
        client.messages.create(model="m", max_tokens=5, messages=HELLO)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
