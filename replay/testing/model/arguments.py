"""Filling a JSON schema from what is known: the arguments of a tool call, or a structured answer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from replay.testing.model.facts import Facts

_MOST_CALLS = 8
_BY_NAME: tuple[tuple[str, Callable[[Facts], Sequence[Any]]], ...] = (
    (r"order", lambda facts: facts.orders),
    (r"amount|price|total|value|sum", lambda facts: facts.amounts or facts.named.get("total", ())),
    (r"city|location|place|destination|town", lambda facts: facts.cities),
    (r"date|day|when", lambda facts: facts.dates),
    (r"e?mail", lambda facts: facts.emails),
    (r"query|question|text|message|reason|note|topic|prompt|summary", lambda facts: (facts.text.strip(),)),
)
"""Which facts suit a parameter, by a word in its name. The first entry that has any is used."""


def fill_each(schema: dict[str, Any], facts: Facts) -> list[dict[str, Any]]:
    """Every way to meet ``schema``: one set of arguments for each order, city and so on that is known.

    Empty when a required parameter cannot be filled.
    """
    properties: dict[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    columns: list[list[tuple[str, Any]]] = []
    for name, kind in properties.items():
        values = _values(name, kind, facts, needed=name in required)
        if not values and name in required:
            return []
        if values:
            columns.append([(name, value) for value in values])
    return [dict(row) for row in itertools.islice(itertools.product(*columns), _MOST_CALLS)]


def fill(schema: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """One object that meets ``schema``, with an empty value of the right type where nothing is known."""
    properties: dict[str, Any] = schema.get("properties") or {}
    return {
        name: next(iter(_values(name, kind, facts, needed=True)), _empty(kind)) for name, kind in properties.items()
    }


def _values(name: str, kind: dict[str, Any], facts: Facts, *, needed: bool) -> list[Any]:
    if "enum" in kind:
        return _from_enum(kind["enum"], facts, needed=needed)
    words = f"{name} {kind.get('title', '')}".lower()
    found = facts.named.get(name, ())
    for pattern, choose in _BY_NAME:
        if re.search(pattern, words) and choose(facts):
            found = tuple(choose(facts))
            break
    return [value for value in (_cast(value, kind) for value in found) if value is not None]


def _from_enum(values: list[Any], facts: Facts, *, needed: bool) -> list[Any]:
    named = [value for value in values if re.search(rf"\b{re.escape(str(value))}\b", facts.text, re.IGNORECASE)]
    return (named or (values if needed else []))[:1]


def _cast(value: Any, kind: dict[str, Any]) -> Any:
    """``value`` as the type that ``kind`` asks for, or None when it is not of that type."""
    try:
        match _type(kind):
            case "integer":
                return int(float(value))
            case "number":
                return float(value)
            case "boolean":
                return bool(value)
            case "array":
                return [value]
            case "object":
                return None
            case _:
                return str(value)
    except (TypeError, ValueError):
        return None


def _empty(kind: dict[str, Any]) -> Any:
    return {"integer": 0, "number": 0.0, "boolean": False, "array": [], "object": {}}.get(_type(kind), "")


def _type(kind: dict[str, Any]) -> str:
    named = kind.get("type") or next((k["type"] for k in kind.get("anyOf", ()) if k.get("type") != "null"), "string")
    return str(named[0] if isinstance(named, list) else named).lower()
