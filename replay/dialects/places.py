"""Places in a JSON object as text: ``results.*.outputText`` is that field of each item of the list ``results``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from replay.dialects.lenient import count


def at(value: Any, place: str) -> Iterator[Any]:
    """What lies at ``place`` in ``value``, in order; nothing where a step leads nowhere, or to null."""
    found = [value]
    for step in place.split("."):
        found = [inner for each in found for inner in _inside(each, step)]
    return iter(found)


def _inside(value: Any, step: str) -> list[Any]:
    inner = value if step == "*" and isinstance(value, list) else [value.get(step)] if isinstance(value, dict) else []
    return [each for each in inner if each is not None]


def texts(value: Any, places: Iterable[str]) -> list[str]:
    """The texts at the first of ``places`` that has any."""
    return next((found for place in places if (found := [x for x in at(value, place) if isinstance(x, str)])), [])


def text(value: Any, places: Iterable[str]) -> str:
    """The first text at the first of ``places`` that has one; else empty."""
    return next(iter(texts(value, places)), "")


def total(value: Any, places: Iterable[str]) -> int | None:
    """The sum of the counts at the first of ``places`` that has any; None where none has."""
    for place in places:
        if counts := [each for each in at(value, place) if isinstance(each, int | float)]:
            return sum([count(each) for each in counts])
    return None


def built(place: str, value: Any) -> dict[str, Any]:
    """The object that has ``value``, and nothing else, at ``place``."""
    first, _, rest = place.partition(".")
    if not rest:
        return {first: value}
    return {first: [built(rest[2:], value)] if rest.startswith("*.") else built(rest, value)}
