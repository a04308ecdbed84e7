from __future__ import annotations

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, OpenAI

from replay.testing import ModelServer
from tests.testing.offers import DESCRIPTIONS, EXPECTED, QUESTION, SCHEMAS, SYSTEM, made, result, schema

OFFERED: Any = [
    {"type": "function", "name": name, "description": DESCRIPTIONS[name], "parameters": schema(name), "strict": False}
    for name in SCHEMAS
]


@pytest.fixture
def client(models: ModelServer):
    with OpenAI(base_url=models.openai, api_key="any", max_retries=0) as client:
        yield client


def tool_turns(ask) -> tuple[list[set[tuple[str, Any]]], str]:
    items: list[Any] = [{"role": "user", "content": QUESTION}]
    turns = []
    while True:
        answer = ask(items)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return turns, answer.output_text
        turns.append(made([(call.name, json.loads(call.arguments)) for call in calls]))
        items += [call.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for call in calls]
        for call in calls:
            output = json.dumps(result(call.name, json.loads(call.arguments)))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})


def test_a_tool_loop_goes_as_in_chat(client):
    def ask(items):
        return client.responses.create(model="m", instructions=SYSTEM, input=items, tools=OFFERED)

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words


def test_the_stream_helper_accepts_every_event(client):
    kinds: set[str] = set()

    def ask(items):
        with client.responses.stream(model="m", instructions=SYSTEM, input=items, tools=OFFERED) as stream:
            kinds.update(event.type for event in stream)
            return stream.get_final_response()

    turns, words = tool_turns(ask)
    assert turns == EXPECTED
    assert "rf_1" in words
    assert kinds >= {
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    }


async def test_the_async_stream_joins_to_the_whole_text(models):
    async with AsyncOpenAI(base_url=models.openai, api_key="any") as client:
        whole = await client.responses.create(model="m", input="Hello, my kettle leaks.", temperature=0)
        async with client.responses.stream(model="m", input="Hello, my kettle leaks.", temperature=0) as stream:
            text = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
    assert text == whole.output_text
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens


def test_max_tokens_leaves_the_answer_incomplete(client):
    answer = client.responses.create(model="m", input="Hello, my kettle leaks.", max_output_tokens=3)
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_a_kept_conversation_is_refused_not_forgotten(client):
    with pytest.raises(BadRequestError, match="previous_response_id"):
        client.responses.create(model="m", input="And then?", previous_response_id="resp_1")
