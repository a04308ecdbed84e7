"""The tools that the agents of this table call, and how most of the APIs are told of them."""

from __future__ import annotations

import asyncio
from typing import Any

import replay
from tests.testing.offers import DESCRIPTIONS, SCHEMAS, result, schema

FUNCTIONS: Any = [
    {"type": "function", "function": {"name": name, "description": DESCRIPTIONS[name], "parameters": schema(name)}}
    for name in SCHEMAS
]

RAN: list[str] = []
"""The tools whose bodies ran, in order."""


def carry_out(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What every tool's body does."""
    RAN.append(name)
    return result(name, arguments)


@replay.tool
def run_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return carry_out(name, arguments)


@replay.tool
async def arun_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0)
    return carry_out(name, arguments)
