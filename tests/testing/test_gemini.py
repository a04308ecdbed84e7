from __future__ import annotations

from typing import Any

import pytest
from google.genai import Client, types

from replay.testing import ModelServer
from tests.testing.offers import DESCRIPTIONS, EXPECTED, QUESTION, SCHEMAS, SYSTEM, made, result, schema

DECLARED = [
    types.FunctionDeclaration(name=name, description=DESCRIPTIONS[name], parameters_json_schema=schema(name))
    for name in SCHEMAS
]
CONFIG = types.GenerateContentConfig(
    system_instruction=SYSTEM, tools=[types.Tool(function_declarations=DECLARED)], temperature=0
)


@pytest.fixture
def client(models: ModelServer):
    with Client(api_key="any", http_options=types.HttpOptions(base_url=models.gemini)) as client:
        yield client


def test_a_tool_loop_goes_as_with_the_others(client):
    contents: list[Any] = [types.UserContent(QUESTION)]
    turns = []
    while (answer := client.models.generate_content(model="m", contents=contents, config=CONFIG)).function_calls:
        turns.append(made([(call.name, call.args) for call in answer.function_calls]))
        parts = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response=result(call.name, call.args)
                )
            )
            for call in answer.function_calls
        ]
        contents += [answer.candidates[0].content, types.UserContent(parts)]
    assert turns == EXPECTED
    assert "rf_1" in answer.text


def test_a_stream_joins_to_the_whole_text(client):
    config = types.GenerateContentConfig(temperature=0)
    whole = client.models.generate_content(model="m", contents="Hello, my kettle leaks.", config=config)
    stream = client.models.generate_content_stream(model="m", contents="Hello, my kettle leaks.", config=config)
    chunks = list(stream)
    assert len(chunks) > 2
    assert "".join(chunk.text for chunk in chunks) == whole.text
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count == whole.usage_metadata.total_token_count


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")  # google-genai subclasses aiohttp's session
async def test_the_async_client_gets_its_answer(models):
    client = Client(api_key="any", http_options=types.HttpOptions(base_url=models.gemini))
    async with client.aio as aio:
        answer = await aio.models.generate_content(model="m", contents="Where is order 7?")
    client.close()
    assert answer.usage_metadata.candidates_token_count > 0
