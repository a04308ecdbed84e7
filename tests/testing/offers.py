"""Tools on offer, as JSON schemas, and what they answer."""

from __future__ import annotations

from typing import Any

QUESTION = "Where is order 7, and please refund order 9."
SYSTEM = "You are a support agent. Today is 2026-03-04. Always check the delivery estimate."

SCHEMAS: dict[str, dict[str, str]] = {
    "lookup_order": {"order_id": "integer"},
    "refund_order": {"order_id": "integer", "amount": "number"},
    "delivery_estimate": {"city": "string"},
}
DESCRIPTIONS = {
    "lookup_order": "Look up an order by its number.",
    "refund_order": "Pay an amount back for an order.",
    "delivery_estimate": "Estimate the day a parcel arrives in a city.",
}


def schema(name: str) -> dict[str, Any]:
    properties = {parameter: {"type": kind} for parameter, kind in SCHEMAS[name].items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def result(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the tool answers: order 7 goes to Lisbon, order 9 to Porto."""
    if name == "lookup_order":
        city = {7: "Lisbon", 9: "Porto"}[arguments["order_id"]]
        return {"order_id": arguments["order_id"], "status": "delivered", "city": city, "total": 42.5}
    if name == "refund_order":
        return {"refund_id": "rf_1", **arguments}
    return {"city": arguments["city"], "days": 3}


EXPECTED = [
    {("lookup_order", 7), ("lookup_order", 9)},
    {("delivery_estimate", "Lisbon"), ("delivery_estimate", "Porto")},
    {("refund_order", 9)},
]
"""The calls of each turn, by name and first argument."""


def made(calls: list[tuple[str, dict[str, Any]]]) -> set[tuple[str, Any]]:
    return {(name, next(iter(arguments.values()))) for name, arguments in calls}
