"""Agents on ``mistralai`` 3."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from mistralai.client import Mistral

from tests.sdk.shop_tools import FUNCTIONS, arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM

MODEL = "mistral-small-latest"
HELLO: Any = {"model": MODEL, "messages": [{"role": "user", "content": "Hello, my kettle leaks."}]}
ASKED: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]


def client(world: World) -> Mistral:
    return Mistral(api_key="local", server_url=world.url, timeout_ms=20_000)


def complete(world: World) -> Any:
    with client(world) as mistral:
        return [mistral.chat.complete(**HELLO).model_dump() for _ in range(3)]


async def complete_async(world: World) -> Any:
    async with client(world) as mistral:
        answers = await asyncio.gather(*[mistral.chat.complete_async(**HELLO) for _ in range(4)])
        return [answer.model_dump() for answer in answers]


def streamed(world: World) -> Any:
    with client(world) as mistral, mistral.chat.stream(**HELLO) as stream:
        return [event.model_dump() for event in stream]


async def streamed_async(world: World) -> Any:
    async with client(world) as mistral, await mistral.chat.stream_async(**HELLO) as stream:
        return [event.model_dump() async for event in stream]


def tool_loop(world: World) -> Any:
    messages = list(ASKED)
    with client(world) as mistral:
        while True:
            message = mistral.chat.complete(model=MODEL, messages=messages, tools=FUNCTIONS).choices[0].message
            messages.append(message.model_dump())
            if not message.tool_calls:
                return messages
            values = [run_tool(*_asked(call)) for call in message.tool_calls]
            messages += _results(message.tool_calls, values)


async def tool_loop_async(world: World) -> Any:
    messages = list(ASKED)
    async with client(world) as mistral:
        while True:
            answer = await mistral.chat.complete_async(model=MODEL, messages=messages, tools=FUNCTIONS)
            message = answer.choices[0].message
            messages.append(message.model_dump())
            if not message.tool_calls:
                return messages
            values = await asyncio.gather(*[arun_tool(*_asked(call)) for call in message.tool_calls])
            messages += _results(message.tool_calls, values)


def _asked(call: Any) -> tuple[str, dict[str, Any]]:
    return call.function.name, json.loads(call.function.arguments)


def _results(calls: list[Any], values: list[Any]) -> list[Any]:
    return [
        {"role": "tool", "name": call.function.name, "tool_call_id": call.id, "content": json.dumps(value)}
        for call, value in zip(calls, values, strict=True)
    ]


AGENTS = {
    "sync": [complete],
    "async": [complete_async],
    "streamed": [streamed, streamed_async],
    "tools": [tool_loop, tool_loop_async],
}
