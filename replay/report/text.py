"""A run and a divergence in a few lines of plain text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.explain import Explanation
from replay.diff.first import Difference
from replay.diff.metrics import length
from replay.report.amounts import counted, elapsed, money, scaled

MAX_FIELDS = 3
MAX_VALUE = 60
"""Characters of a value that is shown within a line."""


def kinds(steps: Iterable[Step]) -> str:
    """``3 llm, 2 tool, 1 http``, without what was inferred; in this order."""
    count = Counter(step.kind for step in steps if not step.inferred)
    return ", ".join(f"{count[kind]} {kind}" for kind in ("llm", "tool", "http", "process", "span") if count[kind])


def tokens_and_cost(cassette: Cassette) -> str:
    """``18.2k tokens, $0.0420``, as far as known; empty when the run had no tokens."""
    usage = cassette.usage
    total = usage.input + usage.output
    words = [f"{scaled(total)} tokens", money(cassette.cost)] if total else []
    return ", ".join(word for word in words if word)


def divergence(explanation: Explanation, name: str) -> tuple[str, str, str]:
    """What happened, the closest step of the cassette ``name``, and the cause; the hint is the fourth line."""
    place = f", called at {explanation.where}" if explanation.where else ""
    happened = f"step {explanation.step} is not in the cassette ({explanation.asked}{place})"
    return happened, f"closest: {_closest(explanation, name)}", f"cause: {explanation.cause}"


def difference(first: Difference) -> tuple[str, ...]:
    """Where a run first differed: the step, the task, the source line; then the two values, field by field."""
    place = f"step {first.step} (task {first.lineage})" if first.step else f"task {first.lineage}"
    called = f", called at {first.where}" if first.where else ""
    shown = [
        f"  {change.path}: {_short(change.before)} → {_short(change.after)}" for change in first.changes[:MAX_FIELDS]
    ]
    more = len(first.changes) - len(shown)
    return (
        f"first difference: {place}: {first.said}{called}",
        *shown,
        *([f"  and {counted(more, 'other field')}"] if more else []),
    )


def _short(value: Any) -> str:
    """A value on one line; a long one from its beginning."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _closest(explanation: Explanation, name: str) -> str:
    if explanation.closest is None:
        return f"nothing that is left in {name}"
    paths = [change.path for change in explanation.changes]
    if not paths:
        return f"step {explanation.closest} of {name}"
    shown = paths[:MAX_FIELDS] if len(paths) == MAX_FIELDS else paths[: MAX_FIELDS - 1]
    if len(paths) > len(shown):
        shown = [*shown, counted(len(paths) - len(shown), "other field")]
    listed = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    return f"step {explanation.closest} of {name}, differs in {listed}"


def duration(cassette: Cassette) -> str:
    """From the first issue to the last end of an answer."""
    return elapsed(length(cassette))
