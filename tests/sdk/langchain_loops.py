"""Tool loops on LangChain's own agent, whose tools nobody marked."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from tests.sdk.langchain_agents import model
from tests.sdk.shop_tools import carry_out
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION, SYSTEM


@tool(description=DESCRIPTIONS["lookup_order"])
def lookup_order(order_id: int) -> dict[str, Any]:
    return carry_out("lookup_order", {"order_id": order_id})


@tool(description=DESCRIPTIONS["refund_order"])
def refund_order(order_id: int, amount: float) -> dict[str, Any]:
    return carry_out("refund_order", {"order_id": order_id, "amount": amount})


@tool(description=DESCRIPTIONS["delivery_estimate"])
def delivery_estimate(city: str) -> dict[str, Any]:
    return carry_out("delivery_estimate", {"city": city})


@tool("delivery_estimate", description=DESCRIPTIONS["delivery_estimate"])
async def delivery_estimate_async(city: str) -> dict[str, Any]:
    await asyncio.sleep(0)
    return carry_out("delivery_estimate", {"city": city})


ASKED: Any = {"messages": [HumanMessage(QUESTION, id="q")]}


def agent(world: World, estimate: Any = delivery_estimate) -> Any:
    return create_agent(model(world), [lookup_order, refund_order, estimate], system_prompt=SYSTEM)


def loop(world: World) -> Any:
    return _said(agent(world).invoke(ASKED)["messages"])


async def loop_async(world: World) -> Any:
    return _said((await agent(world, delivery_estimate_async).ainvoke(ASKED))["messages"])


def loop_streamed(world: World) -> Any:
    return [
        (message.content, where["langgraph_node"])
        for message, where in agent(world).stream(ASKED, stream_mode="messages")
    ]


def _said(messages: list[Any]) -> list[Any]:
    return [(each.type, each.content, getattr(each, "tool_calls", None)) for each in messages]


AGENTS = {"sync": [loop], "async": [loop_async], "streamed": [loop_streamed]}
