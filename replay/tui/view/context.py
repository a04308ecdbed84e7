"""What the model saw in a call: each message, where it comes from, and what became of it since.

It is compared with the same call of the other run, or with the call before in the same task. ``INJECTED``: here, and
no step and no earlier request accounts for it. ``DROPPED``: it was there and is gone. ``CHANGED``; ``TRUNCATED``: what
is left is a piece of what it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from replay.dialects.model import Message
from replay.dialects.steps import Step
from replay.tui.view.page import HEADING

LOOKED_BACK = 200
"""How many earlier steps are asked whether they made a message."""


@dataclass(frozen=True, slots=True)
class Seen:
    """``message``; ``source``: the step that it comes from, None for the program itself; ``label``: one of the words
    above, ``new`` for what this call adds, or empty. ``share``: its part of the words of the request, 0 to 1."""

    message: Message
    source: Step | None
    label: str = ""
    share: float = 0.0


def seen(step: Step, other: Step | None, earlier: Sequence[Step], *, in_b: bool = False) -> list[Seen]:
    """Those that were dropped, then the messages of ``step``.

    ``other``: the same call of the other run, if there is one, else the call before is taken; ``earlier``: the steps
    of this run before this one; ``in_b``: whether ``step`` is of the run now, so that what only it has was injected.
    """
    assert step.request is not None
    now = step.request.messages
    sources = [_source(message, earlier) for message in now]
    before = _before(step, earlier)
    if other is not None and other.request is not None:
        labels, dropped = _against(other.request.messages, now, in_b=in_b), []
    elif before is not None and _is_one_conversation(expected := _expected(before), now):
        labels, dropped = _grown(_against(expected, now, in_b=True), expected, now, sources), _dropped(expected, now)
    else:
        labels, dropped = {}, []
    weight = sum(_size(message) for message in now) or 1
    gone = [Seen(message, _source(message, earlier), "DROPPED") for message in dropped]
    return gone + [
        Seen(message, source, labels.get(at, ""), _size(message) / weight)
        for at, (message, source) in enumerate(zip(now, sources, strict=True))
    ]


def _grown(
    labels: dict[int, str], old: Sequence[Message], new: Sequence[Message], sources: Sequence[Step | None]
) -> dict[int, str]:
    """``labels``, but that a history grows at its end, and by what steps answered, is no injection."""
    end = max((j2 for tag, _, _, _, j2 in _matched(old, new) if tag == "equal"), default=0)
    return {at: "new" if label == "INJECTED" and (at >= end or sources[at]) else label for at, label in labels.items()}


def _before(step: Step, earlier: Sequence[Step]) -> Step | None:
    """The call to a model before, in the same task."""
    calls = (each for each in reversed(earlier) if each.request is not None and each.lineage == step.lineage)
    return next(calls, None)


def _is_one_conversation(old: Sequence[Message], new: Sequence[Message]) -> bool:
    """Whether anything but the system prompt is in both."""
    keys = {_key(message) for message in old if message.role not in ("system", "developer")}
    return any(_key(message) in keys for message in new)


def _expected(before: Step) -> list[Message]:
    """What the next call would carry: all that the call before asked, and what was answered."""
    assert before.request is not None
    return [*before.request.messages, *(before.answer.messages if before.answer else ())]


def _key(message: Message) -> tuple[object, ...]:
    return message.role, message.text, tuple([(call.name, call.arguments) for call in message.tool_calls])


def _matched(old: Sequence[Message], new: Sequence[Message]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, [_key(m) for m in old], [_key(m) for m in new], autojunk=False).get_opcodes()


def _against(old: Sequence[Message], new: Sequence[Message], *, in_b: bool) -> dict[int, str]:
    """The label of each place in ``new`` that has one."""
    labels = {}
    for tag, i1, i2, j1, j2 in _matched(old, new):
        for n, at in enumerate(range(j1, j2) if tag != "equal" else ()):
            one = old[i1 + n] if i1 + n < i2 else None
            labels[at] = _changed(one, new[at]) if one else ("INJECTED" if in_b else "DROPPED")
    return labels


def _dropped(old: Sequence[Message], new: Sequence[Message]) -> list[Message]:
    """What ``old`` has where ``new`` has nothing to set against it."""
    found: list[Message] = []
    for tag, i1, i2, j1, j2 in _matched(old, new):
        if tag != "equal":
            found += old[i1 + (j2 - j1) : i2]
    return found


def _changed(old: Message, new: Message) -> str:
    kept = new.text.rstrip(" .…")
    return "TRUNCATED" if kept and len(kept) < len(old.text) and kept in old.text else "CHANGED"


def _source(message: Message, earlier: Sequence[Step]) -> Step | None:
    """The step that made ``message``: the tool whose result it is, or the call that answered it."""
    looked = earlier[-LOOKED_BACK:]
    if message.role == "tool" or message.tool_call_id:
        return next((step for step in reversed(looked) if step.kind == "tool" and _is_result(step, message)), None)
    if message.role not in ("assistant", "model"):
        return None
    key = _key(message)
    answers = (step for step in reversed(looked) if step.answer is not None)
    return next((step for step in answers if step.answer and any(_key(m) == key for m in step.answer.messages)), None)


def _is_result(step: Step, message: Message) -> bool:
    value = step.value or ""
    return any(form and (form in message.text or message.text in form) for form in (value, _unquoted(value)))


def _unquoted(value: str) -> str:
    """The text that a JSON string holds; nothing for anything else."""
    try:
        found = json.loads(value) if value.startswith('"') else None
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""


def _size(message: Message) -> int:
    return len(message.text) + sum(len(call.name) + len(call.arguments) for call in message.tool_calls)


def told(step: Step, found: Sequence[Seen], window: int | None, *, shares: bool = True) -> Iterator[str]:
    """The page: a heading and the words of each message; at last how full the context window is, if that is known.

    ``shares``: tell which part of the request each message is. Beside another run that is noise: one message more, and
    all of them differ.
    """
    for at, each in enumerate(found, 1):
        message = each.message
        facts = [
            f"{HEADING}{at} {message.role} {message.name}".rstrip(),
            _origin(each),
            f"{each.share:.0%}" if each.share and shares else "",
            each.label,
        ]
        yield " · ".join(fact for fact in facts if fact)
        yield from message.text.split("\n") if message.text else ()
        for part in message.parts:
            if part.kind != "text":
                yield f"<{part.kind}> {part.text}".rstrip()
        for call in message.tool_calls:
            yield f"→ {call.name}({call.arguments})"
    yield f"{HEADING}{_window(step, window)}"


def _origin(each: Seen) -> str:
    source = each.source
    if source is None:
        return "" if each.label == "DROPPED" else "program"
    return f"answer of step {source.number}" if source.kind == "llm" else f"step {source.number} {source.name}"


def _window(step: Step, window: int | None) -> str:
    used = step.usage.input if step.usage else None
    if used is None:
        return "how many tokens this took is not known"
    if window is None:
        return f"{used:,} tokens; how large the context window is, is not known"
    return f"{used:,} of {window:,} tokens of the context window, {used / window:.1%}"
