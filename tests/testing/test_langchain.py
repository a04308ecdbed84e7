from __future__ import annotations

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


@tool
def lookup_order(order_id: int) -> str:
    """Look up an order by its number."""
    return f"order {order_id} waits in Turin"


def test_a_langchain_model_calls_a_tool_and_quotes_its_result(models):
    model = ChatOpenAI(model="m", base_url=models.openai, api_key="any").bind_tools([lookup_order])
    question = HumanMessage("Where is order 7?")
    asked = model.invoke([question])
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == [("lookup_order", {"order_id": 7})]
    result: ToolMessage = lookup_order.invoke(asked.tool_calls[0])
    answer = model.invoke([question, asked, result])
    assert "order 7 waits in Turin" in answer.content
    assert answer.usage_metadata["total_tokens"] > 0


def test_langchain_streams_in_several_chunks(models):
    model = ChatOpenAI(model="m", base_url=models.openai, api_key="any")
    assert len([chunk for chunk in model.stream("Hello, my kettle leaks.") if chunk.content]) > 2
