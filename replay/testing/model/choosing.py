"""Which of the tools on offer to call next, and with what arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from replay.testing.model.arguments import fill, fill_each
from replay.testing.model.directions import Directions
from replay.testing.model.facts import Facts, in_result, in_text, known
from replay.testing.model.words import stem, stems
from replay.testing.turn import Message, Prompt, Tool, ToolCall

_LOOK_UP = "look lookup find fetch search check list read query show"
_CHANGE = "refund cancel delete remove create send update book pay issue transfer buy escalate"
_LOOKING = frozenset(stem(word) for word in _LOOK_UP.split())
_CHANGING = frozenset(stem(word) for word in _CHANGE.split())
_CLAUSE = re.compile(
    r"[.?!;,\n]|\b(?:and|but|then)\s+(?=(?:please|can|could|then|also|refund|cancel|send)\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Choice:
    """``missing``: parameters that nobody named; ``refused``: sentences on what the directions forbid."""

    calls: tuple[ToolCall, ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def choose(prompt: Prompt, directions: Directions) -> Choice:
    """Calls that can run side by side: first all that look things up, and once those are in, those that change."""
    facts = known(prompt)
    fitting = [tool for tool in prompt.tools if _fits(tool, prompt, facts, directions)]
    looking = [tool for tool in fitting if not _changes(tool)]
    done = {_key(call) for message in prompt.latest for call in message.calls}
    filled = [(tool, fill_each(tool.parameters, facts)) for tool in looking]
    calls = _fresh([ToolCall(tool.name, arguments) for tool, rows in filled for arguments in rows], done)
    if calls:
        return Choice(calls)
    missing = [name for tool, rows in filled if not rows for name in _unknown(tool, facts)]
    choice = _changing_calls([tool for tool in fitting if _changes(tool)], prompt, facts, directions)
    calls = _fresh(choice.calls, done)
    if prompt.must_call and not calls:
        calls = _forced(prompt, facts)
    return Choice(calls, tuple(dict.fromkeys([*missing, *choice.missing])), choice.refused)


def _fits(tool: Tool, prompt: Prompt, facts: Facts, directions: Directions) -> bool:
    wanted = stems(facts.text) | stems(directions.always)
    name = stems(tool.name)
    if name & _CHANGING:
        return bool(name & _CHANGING & wanted) and not name & _CHANGING & stems(directions.never)
    shared = _shared_words(prompt.tools)
    own = name - _LOOKING - shared
    if own & stems(directions.never):
        return False
    return bool((name - _LOOKING) & wanted) or bool((stems(tool.description) - _LOOKING - shared) & wanted)


def _shared_words(tools: tuple[Tool, ...]) -> frozenset[str]:
    names = [stems(tool.name) for tool in tools]
    return frozenset(word for name in names for word in name if sum(word in other for other in names) > 1)


def _changes(tool: Tool) -> bool:
    return bool(stems(tool.name) & _CHANGING)


def _changing_calls(tools: list[Tool], prompt: Prompt, facts: Facts, directions: Directions) -> Choice:
    calls: list[ToolCall] = []
    missing: list[str] = []
    refused: list[str] = []
    for tool in tools:
        asked = _asked_of(tool, facts)
        for order in asked.orders or ("",):
            about = _about(order, asked, prompt)
            rows = fill_each(tool.parameters, about)
            reasons = [reason for row in rows if (reason := _forbidden(row, about, directions))]
            refused += reasons
            calls += [ToolCall(tool.name, row) for row in rows if not _forbidden(row, about, directions)]
            if not rows and "error" not in about.named:
                missing += _unknown(tool, about)
    return Choice(tuple(calls), tuple(missing), tuple(refused))


def _asked_of(tool: Tool, facts: Facts) -> Facts:
    """What the clause that asks for this change names; "refund it" means the order named last."""
    verbs = stems(tool.name) & _CHANGING
    clause = in_text(" ".join(part for part in _CLAUSE.split(facts.text) if stems(part) & verbs))
    return replace(facts, orders=clause.orders or facts.orders[-1:], amounts=clause.amounts)


def _about(order: str, asked: Facts, prompt: Prompt) -> Facts:
    """``asked`` narrowed to one order, with the values of the newest result that names it."""
    named: dict[str, tuple[Any, ...]] = {}
    for arguments, result in _results(prompt.messages):
        if order in map(str, [*arguments.values(), *result.values()]):
            named = {key: (value,) for key, value in result.items()}
    return replace(asked, orders=(order,) if order else (), named=named)


def _results(messages: tuple[Message, ...]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    calls = {call.id: call for message in messages for call in message.calls}
    for message in messages:
        if message.role == "tool":
            call = calls.get(message.call_id)
            yield (call.arguments if call else {}), in_result(message.text)


def _forbidden(arguments: dict[str, Any], about: Facts, directions: Directions) -> str:
    """The sentence that says why ``arguments`` may not be sent, or an empty string."""
    subject = f"order {about.orders[0]}" if about.orders else "this"
    amount = arguments.get("amount")
    status = next(iter(about.named.get("status", ())), None)
    if directions.limit is not None and isinstance(amount, int | float) and amount > directions.limit:
        return f"I may not refund {amount:g} for {subject}: the limit is {directions.limit:g}"
    if directions.only and status is not None and str(status).lower() != directions.only:
        return f"I may not refund {subject}: it is {status}, and only {directions.only} orders are refunded"
    return ""


def _unknown(tool: Tool, facts: Facts) -> list[str]:
    required = tool.parameters.get("required") or ()
    one_each = {name: tool.parameters["properties"].get(name, {}) for name in required}
    return [name for name, kind in one_each.items() if not fill_each({"properties": {name: kind}}, facts)[0]]


def _forced(prompt: Prompt, facts: Facts) -> tuple[ToolCall, ...]:
    tool = max(prompt.tools, key=lambda tool: len(stems(f"{tool.name} {tool.description}") & stems(facts.text)))
    rows = fill_each(tool.parameters, facts) or [fill(tool.parameters, facts)]
    return (ToolCall(tool.name, rows[0]),)


def _fresh(calls: list[ToolCall] | tuple[ToolCall, ...], done: set[str]) -> tuple[ToolCall, ...]:
    return tuple(call for call in calls if _key(call) not in done)


def _key(call: ToolCall) -> str:
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True)}"
