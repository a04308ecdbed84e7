"""MCP clients over each transport: recorded, then replayed with no server started and none connected to."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.types import CreateMessageResult, TextContent

import replay
from tests.sdk.mcp_loops import over_sse, over_stdio, over_streamable_http
from tests.sdk.mcp_shop import ROOT, Shop
from tests.sdk.openai_agents import MODEL, aclient
from tests.sdk.stage import World, no_connections, perform, play, record

TRANSPORTS = [over_stdio, over_sse, over_streamable_http]


def shopping(opened: Any, city: str = "Lisbon") -> Any:
    """A program that uses all of a server, over the transport that ``opened`` opens."""

    async def agent(world: World) -> Any:
        heard: list[Any] = []

        async def progress(*news: Any) -> None:
            heard.append(news)

        async def sampled(context: Any, params: Any) -> Any:
            async with aclient(world) as openai:
                text = params.messages[0].content.text
                messages: Any = [{"role": "user", "content": text}]
                said = await openai.chat.completions.create(model=MODEL, messages=messages)
            content = TextContent(type="text", text=said.choices[0].message.content or "")
            return CreateMessageResult(role="assistant", content=content, model=MODEL)

        async with opened(world) as (read, write), ClientSession(read, write, sampling_callback=sampled) as session:
            answers: list[Any] = [await session.initialize(), await session.list_tools()]
            answers.append(await session.call_tool("delivery_estimate", {"city": city}, progress_callback=progress))
            answers.append(await session.call_tool("fails", {"reason": "on purpose"}))
            with pytest.raises(MCPError) as error:
                await session.read_resource("shop://nothing")
            answers += [await session.read_resource("shop://rules"), await session.get_prompt("greet", {"name": "Kim"})]
            asked = [session.call_tool("lookup_order", {"order_id": number}) for number in (7, 9, 7)]
            answers += await asyncio.gather(*asked)
            if opened is not over_streamable_http:  # its answers have no room for what the server asks
                answers.append(await session.call_tool("summary", {"text": "Hello, my kettle leaks."}))
        return [answer.model_dump(mode="json") for answer in answers], heard, error.value.error.model_dump()

    return agent


@pytest.mark.parametrize("opened", TRANSPORTS)
def test_a_replay_gives_what_the_server_said_and_starts_none(opened, world: World) -> None:
    value = record(shopping(opened), world)
    assert {"lookup_order", "delivery_estimate", "fails"} <= set(world.shop.news())
    world.end()
    again, result = play(shopping(opened), world)
    assert again == value
    assert result.identical, result
    assert world.shop.news() == []
    asked = [(event.request.kind, event.request.target) for event in replay.open(world.cassette).events]
    assert all(kind == "tool" or "/chat/completions" in target for kind, target in asked), "a transport is no event"
    assert value[1] == [(1.0, 2.0, "asked the carrier"), (2.0, 2.0, "got an answer")]
    assert value[2]["message"]


def test_what_is_new_on_a_live_replay_is_asked_of_a_server_that_starts_only_then(world: World) -> None:
    record(shopping(over_sse), world)
    world.shop.news()
    with replay.play(world.cassette, on_divergence="live") as run:
        value = perform(shopping(over_stdio, city="Porto"), world)
    assert run.result.live == 1
    assert world.shop.news() == ["started", "delivery_estimate"]
    assert json.loads(value[0][2]["content"][0]["text"])["city"] == "Porto"


def test_a_server_that_inherits_the_environment_takes_no_part_in_the_run(tmp_path: Path, shop: Shop) -> None:
    program = tmp_path / "agent.py"
    program.write_text(INHERITS)
    command = [sys.executable, str(program), *shop.arguments()]
    shop.news()
    told = _replay(tmp_path, "record", "-o", "run.cassette", "--", *command)
    assert "recorded 3 events" in told
    assert "lookup_order" in shop.news()
    assert "identical: 3 served, 0 live" in _replay(tmp_path, "play", "run.cassette")
    assert shop.news() == []


INHERITS = """
import asyncio, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    server = StdioServerParameters(command=sys.executable, args=sys.argv[1:], env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        await session.call_tool("lookup_order", {"order_id": 7})

asyncio.run(main())
"""


def _replay(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "replay", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=90).stderr


def test_a_changed_tool_set_is_a_line_of_the_diff(world: World) -> None:
    def asking(opened: Any) -> Any:
        async def agent(world: World) -> Any:
            async with opened as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                return [tool.name for tool in (await session.list_tools()).tools]

        return agent

    record(asking(over_sse(world)), world)
    other = replace(world, cassette=world.cassette.with_name("other.cassette"))
    record(asking(over_stdio(world, "exchange_order")), other)
    diff = replay.diff(world.cassette, other.cassette)
    assert diff.first is not None
    said = json.dumps(diff.to_dict())
    assert "tools/list" in said and "exchange_order" in said


def test_a_tool_that_a_server_calls_destructive_is_not_run_by_a_replay_that_goes_live(world: World) -> None:
    def refunding(amount: float) -> Any:
        async def agent(world: World) -> Any:
            async with over_sse(world) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                await session.list_tools()
                return (await session.call_tool("refund_order", {"order_id": 9, "amount": amount})).is_error

        return agent

    assert record(refunding(1.0), world) is False
    world.shop.news()
    with pytest.raises(replay.ReplayError), replay.play(world.cassette, on_divergence="live"):
        perform(refunding(99.0), world)
    assert world.shop.news() == []


def test_a_swap_gives_a_servers_tool_another_value(world: World) -> None:
    async def agent(world: World) -> Any:
        async with over_streamable_http(world) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            answer = await session.call_tool("delivery_estimate", {"city": "Lisbon"})
            return answer.content[0].text, answer.structured_content

    def swapped(by: Any) -> Any:
        with no_connections(), replay.play(world.cassette, swaps=[replay.swap.tool("delivery_estimate", by)]):
            return perform(agent, world)

    record(agent, world)
    world.shop.news()
    assert swapped("Tomorrow.") == ("Tomorrow.", None)
    assert swapped({"days": 1})[1] == {"days": 1}
    assert swapped(lambda city: {"to": city})[1] == {"to": "Lisbon"}
    assert world.shop.news() == []
