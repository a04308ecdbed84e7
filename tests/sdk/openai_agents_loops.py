"""Tool loops on ``openai-agents``, whose tools nobody marked."""

from __future__ import annotations

import asyncio
from typing import Any

from agents import Agent, OpenAIChatCompletionsModel, RunContextWrapper, Runner, ToolOutputText, function_tool

from tests.sdk.openai_agents import MODEL, aclient
from tests.sdk.shop_tools import carry_out
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM


@function_tool
async def lookup_order(context: RunContextWrapper[str], order_id: int) -> dict[str, Any]:
    """Look up an order by its number."""
    assert context.context
    await asyncio.sleep(0)
    return carry_out("lookup_order", {"order_id": order_id})


@function_tool
def refund_order(order_id: int, amount: float) -> ToolOutputText:
    """Pay an amount back for an order."""
    return ToolOutputText(text=str(carry_out("refund_order", {"order_id": order_id, "amount": amount})))


@function_tool(timeout=20)
async def delivery_estimate(city: str) -> str:
    """Estimate the day a parcel arrives in a city."""
    found = carry_out("delivery_estimate", {"city": city})
    if city == "Porto":
        raise LookupError(f"no carrier goes to {found['city']}")
    return str(found)


def agent(openai: Any) -> Agent:
    tools: list[Any] = [lookup_order, refund_order, delivery_estimate]
    return Agent("support", instructions=SYSTEM, tools=tools, model=OpenAIChatCompletionsModel(MODEL, openai))


async def loop_async(world: World) -> Any:
    async with aclient(world) as openai:
        done = await Runner.run(agent(openai), QUESTION, context="shop")
        return done.final_output, done.to_input_list()


def loop(world: World) -> Any:
    return asyncio.run(loop_async(world))


async def loop_streamed(world: World) -> Any:
    async with aclient(world) as openai:
        streaming = Runner.run_streamed(agent(openai), QUESTION, context="shop")
        kinds = [event.type async for event in streaming.stream_events()]
        return kinds, streaming.to_input_list()


AGENTS = {"sync": [loop], "async": [loop_async], "streamed": [loop_streamed]}
