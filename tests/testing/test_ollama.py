from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ollama import AsyncClient, Client, ResponseError

from replay.testing import ModelServer, Reply
from tests.sdk.shop_tools import FUNCTIONS
from tests.testing.offers import EXPECTED, QUESTION, SYSTEM, made, result

HELLO: Any = [{"role": "user", "content": "Hello, my kettle leaks."}]
STEADY = {"temperature": 0}


@pytest.fixture
def client(models: ModelServer) -> Iterator[Client]:
    with Client(host=models.ollama) as client:
        yield client


def tool_turns(ask: Any) -> tuple[list[set[tuple[str, Any]]], str]:
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    turns = []
    while True:
        words, calls = ask(messages)
        if not calls:
            return turns, words
        turns.append(made([(call.function.name, dict(call.function.arguments)) for call in calls]))
        messages.append({"role": "assistant", "tool_calls": [call.model_dump() for call in calls]})
        for call in calls:
            content = json.dumps(result(call.function.name, call.function.arguments))
            messages.append({"role": "tool", "tool_name": call.function.name, "content": content})


def test_a_tool_loop_goes_as_with_the_others(client: Client) -> None:
    def ask(messages):
        message = client.chat(model="m", messages=messages, tools=FUNCTIONS).message
        return message.content, message.tool_calls

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


def test_a_streamed_loop_makes_the_same_calls(client: Client) -> None:
    def ask(messages):
        parts = list(client.chat(model="m", messages=messages, tools=FUNCTIONS, stream=True))
        calls = [call for part in parts for call in part.message.tool_calls or ()]
        return "".join(part.message.content for part in parts), calls

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


async def test_a_stream_of_lines_joins_to_the_whole_text(models: ModelServer) -> None:
    async with AsyncClient(host=models.ollama) as client:
        whole = await client.chat(model="m", messages=HELLO, options=STEADY)
        stream = await client.chat(model="m", messages=HELLO, options=STEADY, stream=True)
        parts = [part async for part in stream]
    assert len(parts) > 2
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == whole.eval_count > 0


def test_a_schema_is_met(client: Client) -> None:
    wanted = {"type": "object", "properties": {"order_id": {"type": "integer"}}, "required": ["order_id"]}
    answer = client.chat(model="m", messages=[{"role": "user", "content": "Where is order 7?"}], format=wanted)
    assert json.loads(answer.message.content) == {"order_id": 7}


def test_an_error_has_the_words_that_ollama_sends(client: Client, models: ModelServer) -> None:
    models.script([Reply(status=500)])
    with pytest.raises(ResponseError, match="scripted 500"):
        client.chat(model="m", messages=HELLO)
