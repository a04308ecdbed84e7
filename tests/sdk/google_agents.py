"""Agents on ``google-genai`` 3."""

from __future__ import annotations

import asyncio
from typing import Any

from google.genai import Client, types

from tests.sdk.shop_tools import arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION, SCHEMAS, SYSTEM, schema

HELLO: Any = {"model": "gemini-3-flash", "contents": "Hello, my kettle leaks."}
CONFIG = types.GenerateContentConfig(
    system_instruction=SYSTEM,
    tools=[
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name=name, description=DESCRIPTIONS[name], parameters_json_schema=schema(name)
                )
                for name in SCHEMAS
            ]
        )
    ],
)


def client(world: World) -> Client:
    return Client(api_key="local", http_options=types.HttpOptions(base_url=world.url, timeout=20_000))


def content(world: World) -> Any:
    with client(world) as google:
        return [_data(google.models.generate_content(**HELLO)) for _ in range(3)]


async def content_async(world: World) -> Any:
    with client(world) as google:
        async with google.aio as aio:
            answers = await asyncio.gather(*[aio.models.generate_content(**HELLO) for _ in range(4)])
            return [_data(answer) for answer in answers]


def streamed(world: World) -> Any:
    with client(world) as google:
        return [_data(chunk) for chunk in google.models.generate_content_stream(**HELLO)]


async def streamed_async(world: World) -> Any:
    with client(world) as google:
        async with google.aio as aio:
            return [_data(chunk) async for chunk in await aio.models.generate_content_stream(**HELLO)]


def tool_loop(world: World) -> Any:
    said: list[Any] = [types.UserContent(QUESTION)]
    with client(world) as google:
        while True:
            answer = google.models.generate_content(model=HELLO["model"], contents=said, config=CONFIG)
            if not answer.function_calls:
                return answer.text, len(said)
            parts = [_result(call, run_tool(call.name, call.args)) for call in answer.function_calls]
            said += [answer.candidates[0].content, types.UserContent(parts)]


async def tool_loop_async(world: World) -> Any:
    said: list[Any] = [types.UserContent(QUESTION)]
    with client(world) as google:
        async with google.aio as aio:
            while True:
                answer = await aio.models.generate_content(model=HELLO["model"], contents=said, config=CONFIG)
                if not answer.function_calls:
                    return answer.text, len(said)
                values = await asyncio.gather(*[arun_tool(call.name, call.args) for call in answer.function_calls])
                parts = [_result(call, value) for call, value in zip(answer.function_calls, values, strict=True)]
                said += [answer.candidates[0].content, types.UserContent(parts)]


def _result(call: Any, value: Any) -> types.Part:
    return types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=value))


def _data(answer: Any) -> Any:
    return answer.model_dump(mode="json")


AGENTS = {
    "sync": [content],
    "async": [content_async],
    "streamed": [streamed, streamed_async],
    "tools": [tool_loop, tool_loop_async],
}
