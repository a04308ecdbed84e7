"""The support agent on the Anthropic SDK: synchronous, streamed word by word, tools in threads.

python examples/support_agent_anthropic.py "Where is order 7, and can you refund order 9?"
"""

from __future__ import annotations

import json
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx
from anthropic import Anthropic
from anthropic.types import Message, ToolUseBlock

import replay
from replay.testing import default_server

MODEL = "claude-haiku-4-5"
QUESTION = "Where is order 7, and can you please refund order 9?"
MOST_TURNS = 8

SYSTEM = """You are a friendly support agent of a small shop. Today is {today}.
Always check the delivery estimate. Refunds: at most 80 EUR per order."""


@replay.tool(effect="read")
def lookup_order(order_id: int) -> dict[str, Any]:
    """Look up an order by its number."""
    return httpx.get(f"{os.environ['TOOLS_URL']}/orders/{order_id}").json()


@replay.tool(effect="write")
def refund_order(order_id: int, amount: float) -> dict[str, Any]:
    """Pay an amount in EUR back for an order."""
    return httpx.post(f"{os.environ['TOOLS_URL']}/refunds", json={"order_id": order_id, "amount": amount}).json()


@replay.tool(effect="read")
def delivery_estimate(city: str) -> dict[str, Any]:
    """Estimate the day a parcel arrives in a city."""
    days = random.randint(1, 5)
    return {"city": city, "days": days, "arrives": (date.today() + timedelta(days=days)).isoformat()}


TOOLS = {tool.__name__: tool for tool in (lookup_order, refund_order, delivery_estimate)}


def describe(name: str, **parameters: str) -> dict[str, Any]:
    """A tool as the API wants it; each parameter with its JSON type."""
    properties = {parameter: {"type": kind} for parameter, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": TOOLS[name].__doc__, "input_schema": schema}


OFFERED: list[Any] = [
    describe("lookup_order", order_id="integer"),
    describe("refund_order", order_id="integer", amount="number"),
    describe("delivery_estimate", city="string"),
]


def ask(client: Anthropic, messages: list[Any]) -> Message:
    """One turn of the model, printed as it comes."""
    system = SYSTEM.format(today=date.today().isoformat())
    with client.messages.stream(
        model=MODEL, max_tokens=1024, system=system, messages=messages, tools=OFFERED
    ) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
        return stream.get_final_message()


def run_tools(message: Message) -> list[dict[str, Any]]:
    calls = [block for block in message.content if isinstance(block, ToolUseBlock)]
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda call: TOOLS[call.name](**call.input), calls))
    return [
        {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(result)}
        for call, result in zip(calls, results, strict=True)
    ]


def main(question: str) -> None:
    """Turn by turn: the model asks for tools, we run them side by side, until it answers in words."""
    messages: list[Any] = [{"role": "user", "content": question}]
    with Anthropic() as client:
        for _ in range(MOST_TURNS):
            message = ask(client, messages)
            if message.stop_reason != "tool_use":
                print()
                return
            messages.append({"role": "assistant", "content": message.content})
            messages.append({"role": "user", "content": run_tools(message)})
    raise RuntimeError(f"no answer after {MOST_TURNS} turns")


if __name__ == "__main__":
    default_server()  # without a key: a small model and tools on this machine
    main(" ".join(sys.argv[1:]) or QUESTION)
