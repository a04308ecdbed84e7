"""Tool loops on LangGraph, whose tools nobody marked."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForToolRun
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, InjectedToolCallId, StructuredTool, tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode, tools_condition
from langgraph.types import Command

from tests.sdk.langchain_agents import model
from tests.sdk.shop_tools import carry_out
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION, SYSTEM


class LookupOrder(BaseTool):
    name: str = "lookup_order"
    description: str = DESCRIPTIONS["lookup_order"]

    def _run(self, order_id: int, run_manager: CallbackManagerForToolRun | None = None) -> dict[str, Any]:
        assert run_manager is not None
        return carry_out("lookup_order", {"order_id": order_id})


@tool(description=DESCRIPTIONS["delivery_estimate"], response_format="content_and_artifact")
def delivery_estimate(city: str, state: Annotated[dict, InjectedState]) -> tuple[str, dict[str, Any]]:
    assert state["messages"]
    found = carry_out("delivery_estimate", {"city": city})
    return f"{found['days']} days", found


@tool(description=DESCRIPTIONS["refund_order"])
def refund_order(order_id: int, amount: float, call: Annotated[str, InjectedToolCallId]) -> Command:
    done = carry_out("refund_order", {"order_id": order_id, "amount": amount})
    return Command(update={"messages": [ToolMessage(str(done), tool_call_id=call, artifact=done)]})


async def _aestimate(city: str) -> tuple[str, dict[str, Any]]:
    await asyncio.sleep(0)
    return delivery_estimate.func(city, {"messages": [1]})


SYNC = [LookupOrder(), delivery_estimate, refund_order]
ASYNC = [
    LookupOrder(),
    StructuredTool.from_function(
        coroutine=_aestimate,
        name="delivery_estimate",
        description=DESCRIPTIONS["delivery_estimate"],
        response_format="content_and_artifact",
    ),
    refund_order,
]


def graph(world: World, tools: list[Any]) -> Any:
    bound = model(world).bind_tools(tools)

    def ask(state: MessagesState) -> Any:
        return {"messages": [bound.invoke(state["messages"])]}

    async def ask_async(state: MessagesState) -> Any:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    built = StateGraph(MessagesState)
    built.add_node("model", RunnableLambda(ask, afunc=ask_async))
    built.add_node("tools", ToolNode(tools))
    built.add_edge(START, "model")
    built.add_conditional_edges("model", tools_condition)
    built.add_edge("tools", "model")
    return built.compile()


ASKED: Any = {"messages": [SystemMessage(SYSTEM, id="s"), HumanMessage(QUESTION, id="q")]}


def loop(world: World) -> Any:
    return _said(graph(world, SYNC).invoke(ASKED)["messages"])


async def loop_async(world: World) -> Any:
    return _said((await graph(world, ASYNC).ainvoke(ASKED))["messages"])


def loop_streamed(world: World) -> Any:
    return [
        _said(step["messages"] if isinstance(step, dict) else [step])
        for node in graph(world, SYNC).stream(ASKED, stream_mode="updates")
        for step in _updates(node)
    ]


def _updates(node: dict[str, Any]) -> list[Any]:
    return [each for update in node.values() for each in (update if isinstance(update, list) else [update])]


def _said(messages: list[Any]) -> list[Any]:
    return [
        (each.type, each.content, getattr(each, "tool_calls", getattr(each, "artifact", None))) for each in messages
    ]


AGENTS = {"sync": [loop], "async": [loop_async], "streamed": [loop_streamed]}
