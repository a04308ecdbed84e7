"""Tool loops on pydantic-ai, whose tools nobody marked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, RunContext, ToolReturn
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.sdk.openai_agents import MODEL, aclient
from tests.sdk.shop_tools import RAN, carry_out
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM


class Order(BaseModel):
    order_id: int
    status: str
    city: str
    total: float


@dataclass
class Shop:
    """What the tools need of the program, and the model does not give."""

    name: str


def agent(world: World, openai: Any) -> Agent[Shop, str]:
    made = Agent(
        OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=openai)), system_prompt=SYSTEM, deps_type=Shop
    )

    @made.tool
    def lookup_order(context: RunContext[Shop], order_id: int) -> Order:
        """Look up an order by its number."""
        assert context.deps.name
        return Order(**carry_out("lookup_order", {"order_id": order_id}))

    @made.tool_plain
    async def refund_order(order_id: int, amount: float) -> ToolReturn:
        """Pay an amount back for an order."""
        await asyncio.sleep(0)
        done = carry_out("refund_order", {"order_id": order_id, "amount": amount})
        return ToolReturn(return_value=done, metadata={"seen": [order_id]})

    @made.tool_plain(retries=3)
    async def delivery_estimate(city: str) -> dict[str, Any]:
        """Estimate the day a parcel arrives in a city."""
        if "retried" not in RAN and city == "Lisbon":
            RAN.append("retried")
            raise ModelRetry("the carrier is busy")
        return carry_out("delivery_estimate", {"city": city})

    return made


async def loop_async(world: World) -> Any:
    async with aclient(world) as openai:
        return _said(await agent(world, openai).run(QUESTION, deps=Shop("north")))


def loop(world: World) -> Any:
    return asyncio.run(loop_async(world))


async def loop_streamed(world: World) -> Any:
    async with aclient(world) as openai:
        async with agent(world, openai).run_stream(QUESTION, deps=Shop("north")) as stream:
            words = [text async for text in stream.stream_text(delta=True, debounce_by=None)]
        return words, _parts(stream.all_messages())


def _said(run: Any) -> Any:
    return run.output, _parts(run.all_messages())


def _parts(messages: list[Any]) -> list[Any]:
    return [
        (part.part_kind, part.content if hasattr(part, "content") else part.args, getattr(part, "metadata", None))
        for message in messages
        for part in message.parts
    ]


AGENTS = {"sync": [loop], "async": [loop_async], "streamed": [loop_streamed]}
