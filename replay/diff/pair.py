"""A pair of steps compared: which fields of its request and of its answer differ, and whether that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from replay.dialects.model import LlmRequest
from replay.dialects.reading import LlmReading
from replay.dialects.steps import Step
from replay.diff.answers import answer_document, body_document, parsed, same_answer
from replay.diff.fields import Change, differing, differing_values
from replay.diff.rules import Rules
from replay.diff.volatile import Volatile

RESPONSE = "response"

_END = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "STOP", "completed"), "stop"),
    **dict.fromkeys(("tool_calls", "tool_use", "function_call"), "tool_calls"),
    **dict.fromkeys(("length", "max_tokens", "MAX_TOKENS", "incomplete"), "length"),
}
"""What the wire formats call the same end. Gemini and OpenAI's responses have no word of their own for tool calls."""


@dataclass(frozen=True, slots=True)
class Compared:
    """``request``, ``response``: the fields that differ and count; ``set_aside``: those that do not, ids and times."""

    request: tuple[Change, ...] = ()
    response: tuple[Change, ...] = ()
    set_aside: tuple[Change, ...] = ()
    like: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.request, *self.response) or self.set_aside


EQUAL = Compared()


def compare(a: Step, b: Step, rules: Rules, volatile: Volatile) -> Compared:
    """The fields in which ``b`` differs from ``a``, requests first."""
    asked = () if _same_request(a, b) else request_changes(a, b)
    said = () if same_answer(a, b) else response_changes(a, b)
    if not asked and not said:
        return EQUAL if same_answer(a, b) else Compared(set_aside=_of_wire(a, b), like=True)
    counting: tuple[list[Change], list[Change]] = ([], [])
    aside: list[Change] = []
    for side, changes in zip(counting, (asked, said), strict=True):
        for change in changes:
            covered = not rules.exact and volatile.covers(change)
            (aside if covered or not rules.counts(change.path) else side).append(change)
    request, response = counting
    return Compared(tuple(request), tuple(response), tuple(aside), bool(aside) and not request and not response)


def _same_request(a: Step, b: Step) -> bool:
    if a.source is None or b.source is None:
        return a.name == b.name and a.arguments == b.arguments
    old, new = a.source.request, b.source.request
    return (old.body, old.target, old.action) == (new.body, new.target, new.action)


def request_changes(a: Step, b: Step) -> tuple[Change, ...]:
    """Fields of the request as they are on the wire; of two wire formats, as both mean them."""
    if a.source is None or b.source is None:
        names = [Change("arguments.name", "changed", a.name, b.name)] if a.name != b.name else []
        return (*names, *differing_values(parsed(a.arguments), parsed(b.arguments), "arguments"))
    if a.request and b.request and _dialect(a) != _dialect(b):
        return differing_values(_meant(a.request), _meant(b.request), "request")
    return differing(a.source.request, b.source.request)


def response_changes(a: Step, b: Step) -> tuple[Change, ...]:
    """Fields of the answer, as it is meant."""
    old, new = answer_document(a), answer_document(b)
    if _dialect(a) != _dialect(b):
        old, new = ({**each, "finish_reason": _END.get(str(each.get("finish_reason")), "")} for each in (old, new))
    return differing_values(old, new, RESPONSE)


def _of_wire(a: Step, b: Step) -> tuple[Change, ...]:
    """What differs in two answers that mean the same: their ids and times, where they are one JSON object."""
    old, new = (step.source.answer if step.source else None for step in (a, b))
    if old is None or new is None:
        return ()
    documents = body_document(old), body_document(new)
    if not all(isinstance(each, dict) for each in documents):
        return ()
    return differing_values(*documents, f"{RESPONSE}.body")


def _dialect(step: Step) -> str:
    return step.reading.dialect.name if isinstance(step.reading, LlmReading) else ""


def _meant(request: LlmRequest) -> dict[str, Any]:
    """A request without what only one wire format has: where a message lies, ids of calls, how limits are called."""
    return {
        "model": request.model,
        "messages": [
            {
                "role": message.role,
                "content": message.text,
                "tool_calls": [{"name": call.name, "arguments": parsed(call.arguments)} for call in message.tool_calls],
            }
            for message in request.messages
        ],
        "tools": [{"name": tool.name, "parameters": tool.parameters} for tool in request.tools],
    }
