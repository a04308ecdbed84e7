"""Tokens, time and cost of two steps or two runs, side by side."""

from __future__ import annotations

from replay.dialects import price
from replay.dialects.cassette import Cassette
from replay.dialects.model import Usage
from replay.dialects.steps import Step
from replay.diff.model import Metric

_TOKENS = ("input", "output", "cached", "reasoning")


def of_steps(a: Step | None, b: Step | None, created: tuple[int, int]) -> tuple[Metric, ...]:
    """What is known of a step in either run. ``created``: when the two runs began (ns since the epoch), for prices."""
    metrics = _tokens(a.usage if a else None, b.usage if b else None)
    metrics.append(Metric("duration", a.duration if a else None, b.duration if b else None))
    costs = [_cost(step, at) for step, at in zip((a, b), created, strict=True)]
    metrics.append(Metric("cost", *costs))
    return tuple(metric for metric in metrics if metric.a is not None or metric.b is not None)


def totals(a: Cassette, b: Cassette) -> tuple[Metric, ...]:
    """The same of whole runs; ``duration`` is from the first issue to the last end."""
    metrics = _tokens(a.usage, b.usage)
    return (*metrics, Metric("duration", length(a), length(b)), Metric("cost", a.cost, b.cost))


def _tokens(a: Usage | None, b: Usage | None) -> list[Metric]:
    found = [Metric(name, *(getattr(usage, name) if usage else None for usage in (a, b))) for name in _TOKENS]
    return [metric for metric in found if metric.a or metric.b]


def _cost(step: Step | None, created: int) -> float | None:
    return price.cost([step], created) if step is not None and step.kind == "llm" else None


def length(cassette: Cassette) -> int:
    """From the first issue to the last end of an answer, in ns."""
    return max((step.at + (step.duration or 0) for step in cassette.steps), default=0)
