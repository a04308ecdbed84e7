"""Agents on langchain-openai and LangGraph."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

import replay
from tests.sdk.shop_tools import carry_out
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION


@tool(description=DESCRIPTIONS["lookup_order"])
@replay.tool(effect="read")
def lookup_order(order_id: int) -> dict[str, Any]:
    return carry_out("lookup_order", {"order_id": order_id})


@tool(description=DESCRIPTIONS["refund_order"])
@replay.tool(effect="write")
def refund_order(order_id: int, amount: float) -> dict[str, Any]:
    return carry_out("refund_order", {"order_id": order_id, "amount": amount})


TOOLS = [lookup_order, refund_order]


def model(world: World) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-5-mini", base_url=world.openai, api_key="sk-local", max_retries=0, timeout=20)


def graph(world: World) -> Any:
    bound = model(world).bind_tools(TOOLS)

    def ask(state: MessagesState) -> Any:
        return {"messages": [bound.invoke(state["messages"])]}

    async def ask_async(state: MessagesState) -> Any:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    built = StateGraph(MessagesState)
    built.add_node("model", RunnableLambda(ask, afunc=ask_async))
    built.add_node("tools", ToolNode(TOOLS))
    built.add_edge(START, "model")
    built.add_conditional_edges("model", tools_condition)
    built.add_edge("tools", "model")
    return built.compile()


ASKED: Any = {"messages": [HumanMessage(QUESTION, id="q")]}


def invoke(world: World) -> Any:
    return _said(graph(world).invoke(ASKED))


async def ainvoke(world: World) -> Any:
    return _said(await graph(world).ainvoke(ASKED))


def stream(world: World) -> Any:
    return [
        (list(step), _said(next(iter(step.values())))) for step in graph(world).stream(ASKED, stream_mode="updates")
    ]


def stream_tokens(world: World) -> Any:
    return [
        (message.content, where["langgraph_node"])
        for message, where in graph(world).stream(ASKED, stream_mode="messages")
    ]


async def astream_tokens(world: World) -> Any:
    return [
        (message.content, where["langgraph_node"])
        async for message, where in graph(world).astream(ASKED, stream_mode="messages")
    ]


class Answers(TypedDict):
    said: Annotated[list[str], operator.add]


def parallel_nodes(world: World) -> Any:
    """Four nodes of one step ask the same question at the same time, on threads."""
    chat = model(world)

    def ask(state: Answers) -> Any:
        return {"said": [chat.invoke("Hello, my kettle leaks.").id]}

    return _side_by_side(ask).invoke({"said": []})


async def parallel_nodes_async(world: World) -> Any:
    chat = model(world)

    async def ask(state: Answers) -> Any:
        return {"said": [(await chat.ainvoke("Hello, my kettle leaks.")).id]}

    return await _side_by_side(ask).ainvoke({"said": []})


def batch(world: World) -> Any:
    return [message.id for message in model(world).batch(["Hello, my kettle leaks."] * 6)]


async def abatch(world: World) -> Any:
    chat = model(world)
    answers = await asyncio.gather(*[chat.ainvoke("Hello, my kettle leaks.") for _ in range(6)])
    return [message.id for message in answers]


def _side_by_side(ask: Any) -> Any:
    built = StateGraph(Answers)
    for name in ("north", "east", "south", "west"):
        built.add_node(name, ask)
        built.add_edge(START, name)
        built.add_edge(name, END)
    return built.compile()


def _said(state: Any) -> list[Any]:
    return [(message.type, message.content, getattr(message, "tool_calls", None)) for message in state["messages"]]


AGENTS = {
    "sync": [invoke, parallel_nodes, batch],
    "async": [ainvoke, parallel_nodes_async, abatch],
    "streamed": [stream, stream_tokens, astream_tokens],
}
