"""The support agent as a LangGraph graph over langchain-openai.

python examples/support_graph.py "Where is order 7, and can you refund order 9?"
"""

from __future__ import annotations

import os
import random
import sys
from datetime import date, timedelta
from typing import Any

import httpx
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode, tools_condition

import replay
from replay.testing import default_server

QUESTION = "Where is order 7, and can you please refund order 9?"

SYSTEM = """You are a friendly support agent of a small shop. Today is {today}.
Always check the delivery estimate. Refunds: at most 80 EUR per order."""


@tool
@replay.tool(effect="read")
def lookup_order(order_id: int) -> dict[str, Any]:
    """Look up an order by its number."""
    return httpx.get(f"{os.environ['TOOLS_URL']}/orders/{order_id}").json()


@tool
@replay.tool(effect="write")
def refund_order(order_id: int, amount: float) -> dict[str, Any]:
    """Pay an amount in EUR back for an order."""
    return httpx.post(f"{os.environ['TOOLS_URL']}/refunds", json={"order_id": order_id, "amount": amount}).json()


@tool
@replay.tool(effect="read")
def delivery_estimate(city: str) -> dict[str, Any]:
    """Estimate the day a parcel arrives in a city."""
    days = random.randint(1, 5)
    return {"city": city, "days": days, "arrives": (date.today() + timedelta(days=days)).isoformat()}


TOOLS = [lookup_order, refund_order, delivery_estimate]


def build() -> CompiledStateGraph[Any]:
    """Two nodes: the model, and the tools it asked for, which run side by side."""
    model = ChatOpenAI(model="gpt-5-mini").bind_tools(TOOLS)

    def ask(state: MessagesState) -> dict[str, Any]:
        system = SystemMessage(SYSTEM.format(today=date.today().isoformat()))
        return {"messages": [model.invoke([system, *state["messages"]])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", ask)
    graph.add_node("tools", ToolNode(TOOLS))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


def main(question: str) -> str:
    state = build().invoke({"messages": [HumanMessage(question)]})
    return str(state["messages"][-1].content)


if __name__ == "__main__":
    default_server()  # without a key: a small model and tools on this machine
    print(main(" ".join(sys.argv[1:]) or QUESTION))
