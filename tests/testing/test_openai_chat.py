from __future__ import annotations

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, OpenAI
from pydantic import BaseModel

from replay.testing import ModelServer
from tests.testing.offers import DESCRIPTIONS, EXPECTED, QUESTION, SCHEMAS, SYSTEM, made, result, schema

OFFERED: Any = [
    {"type": "function", "function": {"name": name, "description": DESCRIPTIONS[name], "parameters": schema(name)}}
    for name in SCHEMAS
]
HELLO: Any = [{"role": "user", "content": "Hello, my kettle leaks."}]


@pytest.fixture
def client(models: ModelServer):
    with OpenAI(base_url=models.openai, api_key="any", max_retries=0) as client:
        yield client


def tool_turns(ask) -> tuple[list[set[tuple[str, Any]]], str]:
    """The whole loop: the calls of each turn, and the final words."""
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    turns = []
    while (message := ask(messages)).tool_calls:
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]
        turns.append(made(calls))
        messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
        for call, (name, arguments) in zip(message.tool_calls, calls, strict=True):
            content = json.dumps(result(name, arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
    return turns, message.content


def test_a_tool_loop_looks_up_side_by_side_then_refunds_then_quotes(client):
    def ask(messages):
        return client.chat.completions.create(model="m", messages=messages, tools=OFFERED).choices[0].message

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "42.5" in words
    assert "rf_1" in words
    assert "2026-03-04" in words


def test_the_stream_helper_builds_the_same_tool_calls(client):
    def ask(messages):
        with client.chat.completions.stream(model="m", messages=messages, tools=OFFERED) as stream:
            return stream.get_final_completion().choices[0].message

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


def test_a_stream_comes_in_several_chunks_that_share_one_id(client):
    chunks = list(client.chat.completions.create(model="m", messages=HELLO, stream=True))
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 2
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_include_usage_adds_one_last_chunk_without_choices(client):
    chunks = list(
        client.chat.completions.create(model="m", messages=HELLO, stream=True, stream_options={"include_usage": True})
    )
    assert chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


async def test_the_async_client_gets_whole_and_streamed_answers(models):
    async with AsyncOpenAI(base_url=models.openai, api_key="any") as client:
        whole = await client.chat.completions.create(model="m", messages=HELLO, temperature=0)
        stream = await client.chat.completions.create(model="m", messages=HELLO, temperature=0, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == whole.choices[0].message.content
    assert models.calls == 2


def test_a_structured_answer_meets_its_schema(client):
    class Ticket(BaseModel):
        order_id: int
        urgency: str
        reason: str

    messages: Any = [{"role": "user", "content": "Order 12 is late."}]
    answer = client.chat.completions.parse(model="m", messages=messages, response_format=Ticket)
    assert answer.choices[0].message.parsed.order_id == 12


def test_max_tokens_cuts_the_answer_and_says_so(client):
    choice = client.chat.completions.create(model="m", messages=HELLO, max_completion_tokens=3).choices[0]
    assert choice.finish_reason == "length"
    assert len(choice.message.content.split()) <= 3


def test_a_forced_tool_is_called_even_when_it_does_not_fit(client):
    forced: Any = {"type": "function", "function": {"name": "delivery_estimate"}}
    answer = client.chat.completions.create(model="m", messages=HELLO, tools=OFFERED, tool_choice=forced)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["delivery_estimate"]


def test_a_request_that_the_service_would_refuse_is_a_400(client):
    with pytest.raises(BadRequestError, match="'n' must be 1"):
        client.chat.completions.create(model="m", messages=HELLO, n=2)


def test_embeddings_of_like_texts_lie_close(client):
    texts = ["refund my order", "refund the order", "snow in Bergen"]
    one, two, three = (item.embedding for item in client.embeddings.create(model="e", input=texts).data)

    def near(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert near(one, two) == pytest.approx(1, abs=1e-6)
    assert near(one, three) < 0.9
