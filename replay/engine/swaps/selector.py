"""Where a swap applies: ``@14``, ``@3-``, ``@3-8``, ``@model:gpt-5*``, ``@tool:lookup_order``, ``@span:planner``.

Several, joined by commas, must all hold. Steps are numbered as ``replay show`` numbers them. A request that the
cassette does not hold has the number after the last one that was made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from replay.errors import UsageError

_RANGE = re.compile(r"(\d+)(?:(-)(\d*))?")
_NAMED = ("model", "tool", "span")
ANYWHERE = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands in its run. ``tools``: its own name if it is a tool's, else those it offers the model;
    ``spans``: the names of the spans around it."""

    step: int
    model: str = ""
    tools: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """``first`` to ``last``: step numbers, both included; None: no bound. The names are shell patterns."""

    first: int | None = None
    last: int | None = None
    model: str = ""
    tool: str = ""
    span: str = ""

    def __bool__(self) -> bool:
        return self != Selector()

    def matches(self, place: Place) -> bool:
        return (
            (self.first is None or place.step >= self.first)
            and (self.last is None or place.step <= self.last)
            and (not self.model or fnmatchcase(place.model, self.model))
            and (not self.tool or any(fnmatchcase(name, self.tool) for name in place.tools))
            and (not self.span or any(fnmatchcase(name, self.span) for name in place.spans))
        )

    def __str__(self) -> str:
        """As it is written, without ``@``."""
        steps = "" if self.first is None else f"{self.first}"
        if self.first != self.last:
            steps += f"-{self.last or ''}"
        named = [f"{name}:{value}" for name in _NAMED if (value := getattr(self, name))]
        return ",".join([*filter(None, [steps]), *named])


def parse(text: str) -> Selector:
    """The selector that ``text`` (without ``@``) is. Raises :class:`UsageError`."""
    found: dict[str, int | str | None] = {}
    for word in filter(None, text.split(",")):
        kind, colon, name = word.partition(":")
        if colon and kind in _NAMED:
            found[kind] = name
        elif steps := _RANGE.fullmatch(word):
            first, dash, last = steps.groups()
            found["first"] = int(first)
            found["last"] = (int(last) if last else None) if dash else int(first)
        else:
            raise UsageError(
                f"@{text} selects nothing that there is",
                hint="write @14, @3-, @3-8, @model:NAME, @tool:NAME or @span:NAME",
            )
    return Selector(**found)  # type: ignore[arg-type]
