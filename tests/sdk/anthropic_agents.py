"""Agents on ``anthropic`` 2."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from anthropic import Anthropic, AsyncAnthropic

from tests.sdk.shop_tools import arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION, SCHEMAS, SYSTEM, schema

TOOLS: Any = [{"name": name, "description": DESCRIPTIONS[name], "input_schema": schema(name)} for name in SCHEMAS]
MODEL: Any = {"model": "claude-local", "max_tokens": 500}
HELLO: Any = {**MODEL, "messages": [{"role": "user", "content": "Hello, my kettle leaks."}]}


def client(world: World, **options: Any) -> Anthropic:
    return Anthropic(base_url=world.url, api_key="sk-ant-local", **{"max_retries": 0, "timeout": 20, **options})


def aclient(world: World, **options: Any) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=world.url, api_key="sk-ant-local", **{"max_retries": 0, "timeout": 20, **options})


def messages(world: World) -> Any:
    with client(world) as anthropic:
        return [anthropic.messages.create(**HELLO).model_dump() for _ in range(3)]


async def messages_async(world: World) -> Any:
    async with aclient(world) as anthropic:
        answers = await asyncio.gather(*[anthropic.messages.create(**HELLO) for _ in range(4)])
        return [answer.model_dump() for answer in answers]


def streamed(world: World) -> Any:
    with client(world) as anthropic:
        return [event.model_dump() for event in anthropic.messages.create(**HELLO, stream=True)]


async def streamed_async(world: World) -> Any:
    async with aclient(world) as anthropic:
        return [event.model_dump() async for event in await anthropic.messages.create(**HELLO, stream=True)]


def stream_helper(world: World) -> Any:
    with client(world) as anthropic, anthropic.messages.stream(**HELLO) as stream:
        return list(stream.text_stream), stream.get_final_message().model_dump()


async def stream_helper_async(world: World) -> Any:
    async with aclient(world) as anthropic, anthropic.messages.stream(**HELLO) as stream:
        return [piece async for piece in stream.text_stream], (await stream.get_final_message()).model_dump()


def tool_loop(world: World) -> Any:
    said: list[Any] = [{"role": "user", "content": QUESTION}]
    with client(world) as anthropic:
        while True:
            message = anthropic.messages.create(**MODEL, system=SYSTEM, messages=said, tools=TOOLS)
            said.append({"role": "assistant", "content": [part.model_dump() for part in message.content]})
            if message.stop_reason != "tool_use":
                return said
            calls = [part for part in message.content if part.type == "tool_use"]
            values = [run_tool(call.name, call.input) for call in calls]
            said.append({"role": "user", "content": _results(calls, values)})


async def streamed_tool_loop_async(world: World) -> Any:
    said: list[Any] = [{"role": "user", "content": QUESTION}]
    async with aclient(world) as anthropic:
        while True:
            async with anthropic.messages.stream(**MODEL, system=SYSTEM, messages=said, tools=TOOLS) as stream:
                message = await stream.get_final_message()
            content = [part.model_dump(include={"type", "text", "id", "name", "input"}) for part in message.content]
            said.append({"role": "assistant", "content": content})
            if message.stop_reason != "tool_use":
                return said
            calls = [part for part in message.content if part.type == "tool_use"]
            values = await asyncio.gather(*[arun_tool(call.name, call.input) for call in calls])
            said.append({"role": "user", "content": _results(calls, values)})


def _results(calls: list[Any], values: list[Any]) -> list[Any]:
    return [
        {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(value)}
        for call, value in zip(calls, values, strict=True)
    ]


def raw_response(world: World) -> Any:
    with client(world) as anthropic:
        raw = anthropic.messages.with_raw_response.create(**HELLO)
        return raw.status_code, sorted(raw.headers.items()), raw.parse().model_dump()


AGENTS = {
    "sync": [messages, raw_response],
    "async": [messages_async],
    "streamed": [streamed, streamed_async, stream_helper, stream_helper_async],
    "tools": [tool_loop, streamed_tool_loop_async],
}
