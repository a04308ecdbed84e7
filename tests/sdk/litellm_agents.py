"""Agents on ``litellm``, by each of the ways it has to reach a provider: an SDK, ``httpx``, and ``aiohttp``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import litellm

from tests.sdk.shop_tools import FUNCTIONS, arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM

HELLO: Any = [{"role": "user", "content": "Hello, my kettle leaks."}]
ASKED: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
AWS = {"aws_region_name": "eu-west-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "any"}


def providers(world: World) -> list[dict[str, Any]]:
    return [
        {"model": "openai/gpt-5-mini", "api_base": world.openai, "api_key": "sk-local", "timeout": 20},
        {"model": "anthropic/claude-local", "api_base": world.url, "api_key": "sk-ant-local", "timeout": 20},
        {"model": "bedrock/converse/anthropic.claude-local-v1:0", "aws_bedrock_runtime_endpoint": world.url, **AWS},
    ]


def completion(world: World) -> Any:
    return [litellm.completion(messages=HELLO, **how).model_dump() for how in providers(world) for _ in range(2)]


async def completion_async(world: World) -> Any:
    asked = [litellm.acompletion(messages=HELLO, **how) for how in providers(world) for _ in range(2)]
    return [answer.model_dump() for answer in await asyncio.gather(*asked)]


def streamed(world: World) -> Any:
    return [
        [chunk.model_dump() for chunk in litellm.completion(messages=HELLO, stream=True, **how)]
        for how in providers(world)
    ]


async def streamed_async(world: World) -> Any:
    return [
        [chunk.model_dump() async for chunk in await litellm.acompletion(messages=HELLO, stream=True, **how)]
        for how in providers(world)
    ]


def tool_loop(world: World) -> Any:
    return [_loop(how) for how in providers(world)]


def _loop(how: dict[str, Any]) -> Any:
    messages = list(ASKED)
    while True:
        message = litellm.completion(messages=messages, tools=FUNCTIONS, **how).choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            return messages
        messages += _results(message.tool_calls, [run_tool(*_asked(call)) for call in message.tool_calls])


async def tool_loop_async(world: World) -> Any:
    return await asyncio.gather(*[_loop_async(how) for how in providers(world)])


async def _loop_async(how: dict[str, Any]) -> Any:
    messages = list(ASKED)
    while True:
        answer = await litellm.acompletion(messages=messages, tools=FUNCTIONS, **how)
        message = answer.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            return messages
        values = await asyncio.gather(*[arun_tool(*_asked(call)) for call in message.tool_calls])
        messages += _results(message.tool_calls, values)


def _asked(call: Any) -> tuple[str, dict[str, Any]]:
    return call.function.name, json.loads(call.function.arguments)


def _results(calls: list[Any], values: list[Any]) -> list[Any]:
    return [
        {"role": "tool", "tool_call_id": call.id, "name": call.function.name, "content": json.dumps(value)}
        for call, value in zip(calls, values, strict=True)
    ]


AGENTS = {
    "sync": [completion],
    "async": [completion_async],
    "streamed": [streamed, streamed_async],
    "tools": [tool_loop, tool_loop_async],
}
