"""Tool loops of MCP clients, over each transport: a model asks for tools, and an MCP server has them."""

from __future__ import annotations

import json
import sys
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.sdk.mcp_shop import ROOT
from tests.sdk.openai_agents import MODEL, aclient
from tests.sdk.shop_tools import RAN
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM


def over_stdio(world: World, *more: str) -> Any:
    assert world.shop is not None
    return stdio_client(StdioServerParameters(command=sys.executable, args=world.shop.arguments(*more), cwd=ROOT))


def over_sse(world: World) -> Any:
    assert world.shop is not None
    return sse_client(f"{world.shop.address}/sse")


def over_streamable_http(world: World) -> Any:
    assert world.shop is not None
    return streamable_http_client(f"{world.shop.address}/mcp")


async def _loop(world: World, opened: Any) -> Any:
    async with opened as (read, write), ClientSession(read, write) as session, aclient(world) as openai:
        await session.initialize()
        offered = (await session.list_tools()).tools
        tools: Any = [
            {"type": "function", "function": {"name": tool.name, "parameters": tool.input_schema}} for tool in offered
        ]
        messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
        while True:
            answer = await openai.chat.completions.create(model=MODEL, messages=messages, tools=tools)
            message = answer.choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                break
            for call in message.tool_calls:
                done = await session.call_tool(call.function.name, json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": done.content[0].text})
    assert world.shop is not None
    RAN.extend(name for name in world.shop.news() if name != "started")
    return messages


async def stdio(world: World) -> Any:
    return await _loop(world, over_stdio(world))


async def sse(world: World) -> Any:
    return await _loop(world, over_sse(world))


async def streamable_http(world: World) -> Any:
    return await _loop(world, over_streamable_http(world))


STDIO, SSE, STREAMABLE_HTTP = ({"async": [program]} for program in (stdio, sse, streamable_http))
