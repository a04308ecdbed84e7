"""What the model knows: numbers, names and values found in the user's words and in the results of tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from replay.testing.turn import Message, Prompt

_LIST = r"#?\d+(?:\s*(?:,|and|&|or)\s*#?\d+)*"
_ORDERS = re.compile(rf"\borders?\s*(?:number|no\.?|id)?\s*({_LIST})|#(\d+)", re.IGNORECASE)
_AMOUNT = re.compile(r"[$€£]\s?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s?(?:USD|EUR|dollars|euros?)\b", re.IGNORECASE)
_CITY = re.compile(r"\b(?:in|to|at|from|for|of|is)\s+([A-Z][a-zà-ÿ]+(?:\s[A-Z][a-zà-ÿ]+)*)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\w\b")
_CAPITALISED = """
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September
October November December Order Orders English French German Spanish Portuguese Italian
"""
_NO_CITY = frozenset(_CAPITALISED.split())


@dataclass(frozen=True, slots=True)
class Facts:
    """``text``: the words they were found in. ``named``: values by the key they had in a tool's result."""

    text: str = ""
    orders: tuple[str, ...] = ()
    amounts: tuple[float, ...] = ()
    cities: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    named: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def in_text(text: str) -> Facts:
    """Facts in prose, each kind in order of appearance and without repeats."""
    orders = [n for found in _ORDERS.finditer(text) for n in re.findall(r"\d+", found.group(0))]
    amounts = [float(a or b) for a, b in _AMOUNT.findall(text)]
    cities = [city for city in _CITY.findall(text) if city.split()[0] not in _NO_CITY]
    return Facts(
        text, _once(orders), _once(amounts), _once(cities), _once(_DATE.findall(text)), _once(_EMAIL.findall(text))
    )


def in_result(text: str) -> dict[str, Any]:
    """A tool's result as flat keys and plain values; a result that is no JSON object has the one key ``result``."""
    try:
        data = json.loads(text)
    except ValueError:
        return {"result": text.strip()}
    return dict(_flat(data, "result"))


def known(prompt: Prompt) -> Facts:
    """What the latest question and its results say; kinds missing there come from earlier in the conversation."""
    now, before = _of(prompt.latest), _of(prompt.messages)
    named = {**before.named, **now.named}
    return Facts(
        now.text,
        now.orders or before.orders,
        now.amounts,
        now.cities or before.cities,
        now.dates or in_text(prompt.system).dates,
        now.emails or before.emails,
        named,
    )


def _of(messages: tuple[Message, ...]) -> Facts:
    said = in_text("\n".join(message.text for message in messages if message.role == "user"))
    named: dict[str, tuple[Any, ...]] = {}
    for message in messages:
        if message.role == "tool":
            for key, value in in_result(message.text).items():
                named[key] = _once([*named.get(key, ()), value])
    return replace(said, cities=said.cities or named.get("city", ()), named=named)


def _flat(data: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _flat(value, str(key))
    elif isinstance(data, list):
        if data:
            yield from _flat(data[0], name)
    elif data is not None:
        yield name, data


def _once(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))
