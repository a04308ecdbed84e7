"""Tokens, cost and time of a run, step by step. Reading them parses every answer, so it is done a little at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from replay.dialects.price import is_free
from replay.dialects.steps import Step


class Totals:
    """``tokens``, ``cost``: of each step that was read so far, None where there is none, or it is not known.

    ``certain``: whether the cost of every call to a model is known, so that the sum means something.
    """

    def __init__(self, steps: Sequence[Step], price: Callable[[Step], float | None]) -> None:
        self._steps = steps
        self._price = price
        self.tokens: list[float | None] = []
        self.cost: list[float | None] = []
        self.certain = True

    @property
    def done(self) -> bool:
        return len(self.tokens) == len(self._steps)

    def advance(self, count: int) -> None:
        """Read the next ``count`` steps."""
        start = len(self.tokens)
        for step in self._steps[start : start + count]:
            usage = step.usage
            cost = self._price(step) if step.kind == "llm" else None
            self.certain = self.certain and (is_free(step) or cost is not None)
            self.tokens.append(usage.input + usage.output if usage else None)
            self.cost.append(cost)

    @property
    def all_tokens(self) -> int:
        return int(sum(value for value in self.tokens if value is not None))

    @property
    def all_cost(self) -> float | None:
        """USD; None when it is not certain, or no call was made."""
        known = [value for value in self.cost if value is not None]
        return sum(known) if known and self.certain else None

    @cached_property
    def wall(self) -> int:
        """ns from the first issue to the last end of an answer."""
        return max((step.at + (step.duration or 0) for step in self._steps), default=0)
