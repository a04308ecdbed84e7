"""Tool loops on smolagents, whose tools nobody marked: as tool calls, and from code that a model writes."""

from __future__ import annotations

from typing import Any

from smolagents import LogLevel, OpenAIServerModel, Tool, ToolCallingAgent, tool

from tests.sdk.openai_agents import MODEL
from tests.sdk.shop_tools import carry_out
from tests.sdk.stage import World
from tests.testing.offers import QUESTION


@tool
def lookup_order(order_id: int) -> dict:
    """Look up an order by its number.

    Args:
        order_id: The order's number.
    """
    from tests.sdk.shop_tools import carry_out

    return carry_out("lookup_order", {"order_id": order_id})


class Refund(Tool):
    name = "refund_order"
    description = "Pay an amount back for an order."
    inputs = {  # noqa: RUF012
        "order_id": {"type": "integer", "description": "The order's number."},
        "amount": {"type": "number", "description": "How much."},
    }
    output_type = "object"

    def forward(self, order_id: int, amount: float) -> dict:
        return carry_out("refund_order", {"order_id": order_id, "amount": amount})


def agent(world: World, **options: Any) -> ToolCallingAgent:
    model = OpenAIServerModel(MODEL, api_base=world.openai, api_key="sk-local", client_kwargs={"max_retries": 0})
    return ToolCallingAgent([lookup_order, Refund()], model, max_steps=4, verbosity_level=LogLevel.OFF, **options)


def loop(world: World) -> Any:
    made = agent(world)
    return made.run(QUESTION), _steps(made)


def loop_streamed(world: World) -> Any:
    made = agent(world, stream_outputs=True)
    return [type(event).__name__ for event in made.run(QUESTION, stream=True)], _steps(made)


def _steps(made: Any) -> list[Any]:
    return [(step.model_output, step.observations) for step in made.memory.steps if hasattr(step, "observations")]


AGENTS = {"sync": [loop], "streamed": [loop_streamed]}
