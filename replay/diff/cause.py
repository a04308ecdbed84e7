"""Why a replay asked for something else, in words, as far as the two requests and the recording tell.

All requests before the first divergence were answered from the cassette. So what differs in this one comes from the
program: from its code, its prompts, its input, from a tool that ran again because it is not recorded, or from chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from replay.dialects.cassette import Cassette
from replay.dialects.model import Message
from replay.dialects.steps import Step
from replay.dialects.table import find
from replay.diff.fields import Change
from replay.diff.inputs import changed_inputs, is_secret
from replay.diff.telltale import CHANCE, INSTRUCTIONS, PROMPT, field_told, lies_in, only_chance
from replay.engine.result import Divergence

LOOKED_BACK = 100
"""How many earlier answers are searched for a text."""

SHORTEST = 12
"""Characters below which a text says nothing about where it comes from."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``closest``: the step of the nearest recorded event, or None. ``hash_seed``: of this run, empty if unknown.
    ``changed``: the inputs that changed (:class:`replay.engine.result.Result`)."""

    divergence: Divergence
    closest: Step | None
    changes: tuple[Change, ...]
    cassette: Cassette
    hash_seed: str
    changed: tuple[str, ...] = ()


def cause(evidence: Evidence) -> str:
    """The first of the causes below that the evidence shows."""
    return next(words for rule in _RULES if (words := rule(evidence)))


def _given_reason(evidence: Evidence) -> str:
    return evidence.divergence.reason


def _swap(evidence: Evidence) -> str:
    swap = evidence.divergence.swap
    return f"your swap {swap}" if swap else ""


def _input(evidence: Evidence) -> str:
    if evidence.cassette.cut and evidence.closest is None:
        return ""
    return changed_inputs(name for name in evidence.changed if not is_secret(name))


def _secret(evidence: Evidence) -> str:
    """A key that is not there is as it should be in a replay: last but for the causes that say nothing sure."""
    return changed_inputs(name for name in evidence.changed if is_secret(name))


def _nothing_left(evidence: Evidence) -> str:
    if evidence.closest is not None:
        return ""
    cut = evidence.cassette.cut
    if cut:
        return f"the recording ends here: {cut}"
    asked = evidence.divergence.asked
    alike = [event for event in evidence.cassette.events if event.request.target == asked.target]
    if any(event.request.body == asked.body for event in alike):
        return "the program asks this once more than it was recorded"
    if not alike:
        return "nothing like it was recorded"
    made = sum(step.source is not None and step.kind != "span" for step in evidence.cassette.steps)
    if evidence.divergence.step <= made:
        return "the program asks for it more often than was recorded"
    return "the program goes on after the recorded run had ended"


def _hash_seed(evidence: Evidence) -> str:
    recorded, now = evidence.cassette.header.hash_seed, evidence.hash_seed
    if recorded.isdigit() and now and now != recorded:
        return f"PYTHONHASHSEED is {now}, and was {recorded}: sets and dicts of strings come in another order"
    return ""


def _tool_result(evidence: Evidence) -> str:
    """A tool that nobody wrapped runs again in a replay, and says something else."""
    message = next((message for _, message in _changed_messages(evidence) if message.tool_call_id), None)
    if message is None:
        return ""
    name = message.name or _called(evidence, message.tool_call_id)
    if any(step.name == name and step.source for step in evidence.cassette.steps if step.kind == "tool"):
        return f"the program passes on the result of the tool {name} in another form"
    tool = f"the tool {name or message.tool_call_id}"
    return f"{tool} gave another result: it ran again, for it is not recorded (mark it with @replay.tool)"


def _chance(evidence: Evidence) -> str:
    return CHANCE if only_chance(evidence.changes) else ""


def _prompt(evidence: Evidence) -> str:
    for change, message in _changed_messages(evidence):
        if message.role in INSTRUCTIONS:
            return PROMPT
        if (number := _source_of(change, evidence)) is not None:
            return f"your code passes on the answer of step {number} in another form"
    return ""


def _fields(evidence: Evidence) -> str:
    return field_told(evidence.changes)


def _code(evidence: Evidence) -> str:
    if any((number := _source_of(change, evidence)) is not None for change in evidence.changes):
        return f"your code makes something else of the answer of step {number}"
    return "your code, a prompt or the input changed: no earlier answer holds the new text"


_RULES: tuple[Callable[[Evidence], str], ...] = (
    _given_reason, _swap, _input, _nothing_left, _hash_seed, _tool_result, _chance, _prompt, _fields, _secret, _code,
)  # fmt: skip


def _changed_messages(evidence: Evidence) -> Iterator[tuple[Change, Message]]:
    """The changed fields that lie in a message of an LLM call, and that message."""
    dialect = find(evidence.divergence.asked)
    if dialect is None:
        return
    messages = dialect.request(evidence.divergence.asked).messages
    for change in evidence.changes:
        for message in messages:
            place = f"request.{message.path}"
            if change.how != "removed" and message.path and lies_in(change.path, place):
                yield change, message


def _called(evidence: Evidence, call: str) -> str:
    dialect = find(evidence.divergence.asked)
    messages = dialect.request(evidence.divergence.asked).messages if dialect else ()
    return next((made.name for message in messages for made in message.tool_calls if made.id == call), "")


def _source_of(change: Change, evidence: Evidence) -> int | None:
    """The number of the earlier step whose answer holds the new text, or of which the new text is a part."""
    text = change.after
    if not isinstance(text, str) or len(text) < SHORTEST or evidence.closest is None:
        return None
    earlier = [step for step in evidence.cassette.steps if step.number < evidence.closest.number][-LOOKED_BACK:]
    return next((step.number for step in reversed(earlier) if _shares(step.value, text)), None)


def _shares(value: str | None, text: str) -> bool:
    return value is not None and len(value) >= SHORTEST and (text in value or value in text)
