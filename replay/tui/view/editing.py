"""A step as a text to edit, and the swaps that the edit amounts to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from replay.dialects.model import Message
from replay.dialects.steps import Step
from replay.errors import UsageError

HINT = "change words, the model or a parameter; add a message at the end, or take one away"


@dataclass(frozen=True, slots=True)
class Swap:
    """``head``: what the command line has before ``=``; ``value``: what comes after, kept in a file when it is long."""

    head: str
    value: str | None = None


def can_edit(step: Step | None) -> Step:
    """``step``, if anything of it can be edited. Raises :class:`UsageError` in words that say why not."""
    if step is None:
        raise UsageError("this row is not in that run")
    if step.kind == "span":
        raise UsageError("a span asks nothing and gets no answer", hint="edit a step inside it")
    return step


def answer_text(step: Step) -> str:
    """The answer of ``step`` as text to edit."""
    if step.answer is None:
        return _indented(step.value or "")
    calls = [{"name": call.name, "arguments": _parsed(call.arguments)} for call in step.answer.tool_calls]
    if not calls:
        return step.answer.text
    return json.dumps({"text": step.answer.text, "tool_calls": calls}, indent=2, ensure_ascii=False)


def answer_swap(step: Step, edited: str) -> Swap:
    """The answer of ``step`` becomes ``edited``. Raises :class:`UsageError` when a tool's value is no JSON."""
    if step.kind == "tool":
        _json(edited)
    return Swap(f"response:{step.number}", edited)


def request_text(step: Step) -> str:
    """What ``step`` asked a model, as text to edit."""
    request = step.request
    if request is None:
        raise UsageError("only what is asked of a model can be edited", hint="edit the answer (1, then e)")
    document = {
        "model": request.model,
        "params": request.params,
        "messages": [{"role": message.role, "text": message.text} for message in request.messages],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def request_swaps(step: Step, edited: str) -> list[Swap]:
    """What ``edited`` changes in the request of ``step``. Raises :class:`UsageError` when that cannot be said."""
    assert step.request is not None
    now = _json(edited)
    if not isinstance(now, dict) or not isinstance(now.get("messages"), list):
        raise UsageError("this is no request any more", hint=HINT)
    before, at = step.request, f"@{step.number}"
    found = [Swap(f"model{at}", str(now["model"]))] if now.get("model", before.model) != before.model else []
    found += _params(before.params, now.get("params") or {}, at)
    return [*found, *_messages(before.messages, now["messages"], at)]


def _params(before: dict[str, Any], now: Any, at: str) -> Iterator[Swap]:
    if not isinstance(now, dict):
        raise UsageError("params is no object", hint=HINT)
    for name in [*before, *(name for name in now if name not in before)]:
        if name not in now:
            yield Swap(f"param:{name}{at}", "")
        elif name not in before or before[name] != now[name]:
            yield Swap(f"param:{name}{at}", json.dumps(now[name], ensure_ascii=False))


def _messages(before: tuple[Message, ...], now: list[Any], at: str) -> Iterator[Swap]:
    edited = [_role_and_text(message) for message in now]
    old = [(message.role, message.text) for message in before]
    if len(edited) == len(old) - 1:
        gone = next((n for n in range(len(edited)) if edited[n] != old[n]), len(edited))
        if edited == old[:gone] + old[gone + 1 :]:
            yield Swap(f"drop:[{gone}]{at}")
            return
    if not len(old) <= len(edited) <= len(old) + 1:
        raise UsageError("more than one message more or less", hint=HINT)
    for n, ((role, text), (new_role, new_text)) in enumerate(zip(old, edited, strict=False)):
        if role != new_role:
            raise UsageError(f"message {n} changed its role", hint=HINT)
        if text != new_text:
            yield Swap(f"prompt:[{n}]{at}", new_text)
    for role, text in edited[len(old) :]:
        yield Swap(f"insert:{role}{at}", text)


def _role_and_text(message: Any) -> tuple[str, str]:
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        raise UsageError("a message has a role and a text", hint=HINT)
    return str(message.get("role")), message["text"]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no JSON: {error}", hint="e begins again; nothing was run") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _indented(text: str) -> str:
    found = _parsed(text)
    return text if isinstance(found, str) and found == text else json.dumps(found, indent=2, ensure_ascii=False)
