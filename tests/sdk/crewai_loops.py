"""Tool loops on CrewAI, whose tools nobody marked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from crewai import LLM, Agent, Crew, Task
from crewai.tools import BaseTool, tool

from tests.sdk.openai_agents import MODEL
from tests.sdk.shop_tools import RAN, carry_out
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM


@tool
def lookup_order(order_id: int) -> str:
    """Look up an order by its number."""
    return json.dumps(carry_out("lookup_order", {"order_id": order_id}))


@tool
async def delivery_estimate(city: str) -> str:
    """Estimate the day a parcel arrives in a city."""
    await asyncio.sleep(0)
    return json.dumps(carry_out("delivery_estimate", {"city": city}))


class Refund(BaseTool):
    name: str = "refund_order"
    description: str = "Pay an amount back for an order."

    def _run(self, order_id: int, amount: float) -> str:
        return json.dumps(carry_out("refund_order", {"order_id": order_id, "amount": amount}))


TOOLS: Any = [lookup_order, delivery_estimate, Refund()]


def crew(world: World, **options: Any) -> Crew:
    model = LLM(model=f"openai/{MODEL}", base_url=world.openai, api_key="sk-local", timeout=20, **options)
    agent = Agent(role="support", goal=SYSTEM, backstory="You work in a shop.", llm=model, tools=TOOLS)
    task = Task(description=QUESTION, expected_output="An answer to the customer.", agent=agent)
    return Crew(agents=[agent], tasks=[task], verbose=False)


def loop(world: World) -> Any:
    return _said(crew(world).kickoff())


async def loop_async(world: World) -> Any:
    return _said(await crew(world).akickoff())


def loop_streamed(world: World) -> Any:
    return _said(crew(world, stream=True).kickoff())


def limited(world: World) -> Any:
    """A tool with a limit of calls is refused as often as it was, by each of the ways to call one."""
    refund = Refund(max_usage_count=2)

    @tool(max_usage_count=2)
    def stock(article: str) -> int:
        """How many there are."""
        RAN.append("stock")
        return len(article)

    seen = [str(refund.run(order_id=9, amount=number)) for number in range(3)]
    seen += [str(stock.run(article)) for article in ("kettle", "lamp", "pan")]
    return seen, refund.current_usage_count, stock.current_usage_count, stock.to_structured_tool().func(article="cup")


def _said(output: Any) -> Any:
    return output.raw, output.token_usage.model_dump(), [one.messages for one in output.tasks_output]


AGENTS = {"sync": [loop, limited], "async": [loop_async], "streamed": [loop_streamed]}
