"""Agents on ``ollama``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ollama import AsyncClient, Client

from tests.sdk.shop_tools import FUNCTIONS, arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM

MODEL = "qwen3"
HELLO: Any = {"model": MODEL, "messages": [{"role": "user", "content": "Hello, my kettle leaks."}]}
ASKED: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]


def client(world: World) -> Client:
    return Client(host=world.url, timeout=20)


def aclient(world: World) -> AsyncClient:
    return AsyncClient(host=world.url, timeout=20)


def chat(world: World) -> Any:
    with client(world) as ollama:
        return [ollama.chat(**HELLO).model_dump() for _ in range(3)]


async def chat_async(world: World) -> Any:
    async with aclient(world) as ollama:
        return [answer.model_dump() for answer in await asyncio.gather(*[ollama.chat(**HELLO) for _ in range(4)])]


def streamed(world: World) -> Any:
    with client(world) as ollama:
        return [part.model_dump() for part in ollama.chat(**HELLO, stream=True)]


async def streamed_async(world: World) -> Any:
    async with aclient(world) as ollama:
        return [part.model_dump() async for part in await ollama.chat(**HELLO, stream=True)]


def tool_loop(world: World) -> Any:
    messages = list(ASKED)
    with client(world) as ollama:
        while True:
            message = ollama.chat(model=MODEL, messages=messages, tools=FUNCTIONS).message
            messages.append(message.model_dump())
            if not message.tool_calls:
                return messages
            values = [run_tool(*_asked(call)) for call in message.tool_calls]
            messages += _results(message.tool_calls, values)


async def tool_loop_async(world: World) -> Any:
    messages = list(ASKED)
    async with aclient(world) as ollama:
        while True:
            message = (await ollama.chat(model=MODEL, messages=messages, tools=FUNCTIONS)).message
            messages.append(message.model_dump())
            if not message.tool_calls:
                return messages
            values = await asyncio.gather(*[arun_tool(*_asked(call)) for call in message.tool_calls])
            messages += _results(message.tool_calls, values)


def _asked(call: Any) -> tuple[str, dict[str, Any]]:
    return call.function.name, dict(call.function.arguments)


def _results(calls: Any, values: list[Any]) -> list[Any]:
    return [
        {"role": "tool", "tool_name": call.function.name, "content": json.dumps(value)}
        for call, value in zip(calls, values, strict=True)
    ]


AGENTS = {
    "sync": [chat],
    "async": [chat_async],
    "streamed": [streamed, streamed_async],
    "tools": [tool_loop, tool_loop_async],
}
