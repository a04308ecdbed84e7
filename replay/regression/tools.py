"""Which tools a run called, beside which it was to call. Each function says what is wrong, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from replay.dialects.steps import Step
from replay.regression.like import differences, is_like

Wanted = str | tuple[str, Any]
"""A tool's name, or its name and what its arguments must be like."""

WIDEST = 70


def in_order(steps: Sequence[Step], wanted: Sequence[Wanted]) -> str:
    """Exactly ``wanted``, in this order; the two lists as a diff."""
    if len(steps) == len(wanted) and all(map(fits, wanted, steps)):
        return ""
    lines = ["expected exactly these tool calls, in this order:"]
    names = SequenceMatcher(None, [_name(each) for each in wanted], [step.name for step in steps], autojunk=False)
    for how, i, j, k, m in names.get_opcodes():
        pairs = zip(wanted[i:j], steps[k:m], strict=True) if how == "equal" else ()
        lines += [line for each, step in pairs for line in _pair(each, step)]
        if how != "equal":
            lines += [f" - {_told(each)}   (expected)" for each in wanted[i:j]]
            lines += [f" + {_made(step)}   (called instead)" for step in steps[k:m]]
    return "\n".join(lines)


def in_any_order(steps: Sequence[Step], wanted: Sequence[Wanted]) -> str:
    """Exactly ``wanted``, in whatever order."""
    missing, more = _matched(steps, wanted)
    return _unmatched("exactly these tool calls, in any order", missing, more) if missing or more else ""


def among_others(steps: Sequence[Step], wanted: Sequence[Wanted]) -> str:
    """``wanted`` and perhaps others."""
    missing, more = _matched(steps, wanted)
    return _unmatched("these tool calls among others", missing, more) if missing else ""


def none_of(steps: Sequence[Step], wanted: Sequence[Wanted]) -> str:
    """None of ``wanted``."""
    met = [step for step in steps if any(fits(each, step) for each in wanted)]
    lines = [f" + {step.number} {_made(step)}" for step in met]
    return "\n".join(["these tools were not to be called:", *lines]) if met else ""


def fits(wanted: Wanted, step: Step) -> bool:
    """Whether ``step`` is a call as ``wanted``."""
    name, pattern = (wanted, ...) if isinstance(wanted, str) else wanted
    return step.name == name and (pattern is ... or is_like(pattern, arguments(step)))


def arguments(step: Step) -> Any:
    """The arguments as data; as text, if the model wrote no JSON."""
    try:
        return json.loads(step.arguments or "{}")
    except (ValueError, RecursionError):
        return step.arguments


def _matched(steps: Sequence[Step], wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[Step]]:
    """What of ``wanted`` no step is, and which steps are none of it. Each step stands for one: the most that can be
    are (an augmenting path for each, as in Kuhn's algorithm), so a loose pattern does not take a strict one's call."""
    taken: dict[int, int] = {}

    def place(at: int, tried: set[int]) -> bool:
        for number, step in enumerate(steps):
            if number in tried or not fits(wanted[at], step):
                continue
            tried.add(number)
            if number not in taken or place(taken[number], tried):
                taken[number] = at
                return True
        return False

    missing = [each for at, each in enumerate(wanted) if not place(at, set())]
    return missing, [step for number, step in enumerate(steps) if number not in taken]


def _unmatched(said: str, missing: Sequence[Wanted], more: Sequence[Step]) -> str:
    lines = [f"expected {said}:", *(f" - {_told(each)}   (expected)" for each in missing)]
    return "\n".join([*lines, *(f" + {_made(step)}   (called)" for step in more)])


def _pair(wanted: Wanted, step: Step) -> list[str]:
    if fits(wanted, step):
        return [f" = {_made(step)}"]
    assert not isinstance(wanted, str)
    return [f" ≠ {_made(step)}", *(f"     {line}" for line in differences(wanted[1], arguments(step), "arguments"))]


def _name(wanted: Wanted) -> str:
    return wanted if isinstance(wanted, str) else wanted[0]


def _told(wanted: Wanted) -> str:
    return wanted if isinstance(wanted, str) else f"{wanted[0]} {wanted[1]!r}"


def _made(step: Step) -> str:
    text = f"{step.name} {step.arguments}"
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
