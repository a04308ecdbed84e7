"""A support agent on the OpenAI SDK: it sorts a question, looks things up side by side, and may refund an order.

    python examples/support_agent.py "Where is order 7, and can you refund order 9?"

With no key set it talks to a small model on this machine. To record it: ``replay record -o run.cassette -- python
examples/support_agent.py``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from datetime import date, timedelta
from typing import Any

import httpx
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessage

import replay
from replay.testing import default_server

MODEL = "gpt-5-mini"
QUESTION = "Where is order 7, and can you please refund order 9?"
MOST_TURNS = 8

SORTER = "Classify the customer's message as one of: refund, delivery, other."
SYSTEM = """You are a friendly support agent of a small shop. Today is {today}.
Always check the delivery estimate. Refunds: at most 80 EUR per order."""


@replay.tool(effect="read")
async def lookup_order(order_id: int) -> dict[str, Any]:
    """Look up an order by its number."""
    async with httpx.AsyncClient(base_url=os.environ["TOOLS_URL"]) as shop:
        return (await shop.get(f"/orders/{order_id}")).json()


@replay.tool(effect="write")
async def refund_order(order_id: int, amount: float) -> dict[str, Any]:
    """Pay an amount in EUR back for an order."""
    async with httpx.AsyncClient(base_url=os.environ["TOOLS_URL"]) as shop:
        return (await shop.post("/refunds", json={"order_id": order_id, "amount": amount})).json()


@replay.tool(effect="read")
async def delivery_estimate(city: str) -> dict[str, Any]:
    """Estimate the day a parcel arrives in a city."""
    days = random.randint(1, 5)
    return {"city": city, "days": days, "arrives": (date.today() + timedelta(days=days)).isoformat()}


TOOLS = {tool.__name__: tool for tool in (lookup_order, refund_order, delivery_estimate)}


def describe(name: str, **parameters: str) -> dict[str, Any]:
    """A tool as the API wants it; each parameter with its JSON type."""
    properties = {parameter: {"type": kind} for parameter, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": TOOLS[name].__doc__, "parameters": schema}}


OFFERED = [
    describe("lookup_order", order_id="integer"),
    describe("refund_order", order_id="integer", amount="number"),
    describe("delivery_estimate", city="string"),
]


async def sort_question(client: AsyncOpenAI, question: str) -> str:
    answer = await client.chat.completions.create(
        model=MODEL,
        temperature=0,
        messages=[{"role": "system", "content": SORTER}, {"role": "user", "content": question}],
    )
    return answer.choices[0].message.content or "other"


async def answer_question(client: AsyncOpenAI, question: str) -> str:
    """Turn by turn: the model asks for tools, we run them side by side, until it answers in words."""
    messages: list[Any] = [
        {"role": "system", "content": SYSTEM.format(today=date.today().isoformat())},
        {"role": "user", "content": question},
    ]
    for _ in range(MOST_TURNS):
        answer = await client.chat.completions.create(model=MODEL, messages=messages, tools=OFFERED)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages += [message, *await run_tools(message)]
    raise RuntimeError(f"no answer after {MOST_TURNS} turns")


async def run_tools(message: ChatCompletionMessage) -> list[dict[str, Any]]:
    calls = [call for call in message.tool_calls or [] if call.type == "function"]
    results = await asyncio.gather(*(TOOLS[c.function.name](**json.loads(c.function.arguments)) for c in calls))
    return [
        {"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)}
        for call, result in zip(calls, results, strict=True)
    ]


async def main(question: str) -> str:
    async with AsyncOpenAI() as client:
        topic, answer = await asyncio.gather(sort_question(client, question), answer_question(client, question))
    return f"[{topic}] {answer}"


if __name__ == "__main__":
    default_server()  # without a key: a small model and tools on this machine
    print(asyncio.run(main(" ".join(sys.argv[1:]) or QUESTION)))
