"""The steps of a run as text and as data: the list, and one step in full."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from replay.canon.weight import is_heavy
from replay.dialects.model import LlmRequest, Message
from replay.dialects.reading import LlmReading
from replay.dialects.steps import Step
from replay.report.amounts import elapsed, scaled, table
from replay.report.neutral import neutral_line

NAME_WIDTH = 60
_MARKS = {"llm": "◆", "tool": "▲", "http": "●", "process": "■", "span": "▼"}
_STATUS = {"ok": "", "error": "error", "closed": "closed early", "pending": "no answer"}


def listing(steps: Iterable[Step]) -> list[str]:
    """One line a step: number, kind, name, model, time, tokens, and what went wrong."""
    rows = [_row(step) for step in steps]
    return table([("", "", "name", "model", "took", "tokens", ""), *rows], frozenset({0, 4, 5})) if rows else []


def _row(step: Step) -> tuple[str, ...]:
    name = "  " * step.depth + f"{_MARKS[step.kind]} {step.name}" + (" (inferred)" if step.inferred else "")
    usage = step.usage
    tokens = f"{scaled(usage.input)}→{scaled(usage.output)}" if usage else ""
    status = f"{_STATUS[step.status]}: {step.error}" if step.error else _STATUS[step.status]
    cells = (str(step.number), step.kind, name, step.model, elapsed(step.duration), tokens, status)
    return tuple(neutral_line(cell, NAME_WIDTH) for cell in cells)


def details(step: Step, part: str = "") -> Iterator[str]:
    """One step for reading: messages, tool calls and answer of an LLM call; else arguments or body, and value."""
    if not part:
        yield f"step {step.number}: {step.kind} {step.name}".rstrip()
        yield from _facts(step)
    for name in (part,) if part else PARTS:
        yield from () if part else (f"--- {name} ---",)
        yield from _SHOWN[name](step)


def _facts(step: Step) -> Iterator[str]:
    event = step.source
    for name, fact in (
        ("format", step.reading.dialect.name if isinstance(step.reading, LlmReading) else ""),
        ("where", event.where if event else "inferred from the traffic; not recorded itself"),
        ("lineage", step.lineage),
        ("took", elapsed(step.duration)),
        ("status", _STATUS[step.status] or "ok"),
        ("error", step.error),
    ):
        if fact:
            yield f"  {name}: {fact}"


def _request(step: Step) -> Iterator[str]:
    if step.source and step.source.request.kind == "http":
        yield f"{step.source.request.action} {step.source.request.target}"
    if step.request is None:
        yield from _pretty(step.arguments)
        return
    yield from _asked(step.request)
    for message in step.request.messages:
        yield from _message(message)


def _asked(request: LlmRequest) -> Iterator[str]:
    yield f"model: {request.model}"
    for name, value in request.params.items():
        yield f"{name}: {json.dumps(value, ensure_ascii=False)}"
    if request.tools:
        yield f"tools: {', '.join(tool.name for tool in request.tools)}"


def _message(message: Message) -> Iterator[str]:
    call = f" ({message.name or message.tool_call_id})" if message.tool_call_id or message.name else ""
    yield f"[{message.role}{call}]{' error' if message.error else ''}"
    if message.parts:
        for part in message.parts:
            yield part.text if part.kind == "text" else f"<{part.kind}> {part.text}".rstrip()
    elif message.text:
        yield message.text
    for made in message.tool_calls:
        yield f"→ {made.name}({made.arguments})"


def _response(step: Step) -> Iterator[str]:
    event = step.source
    head = event.answer.head if event and event.answer else None
    if head is not None and step.kind != "process":
        yield f"{head.http_version} {head.status} {head.reason}".rstrip()
    if step.answer is not None:
        for message in step.answer.messages:
            yield from _message(message)
        for name in ("finish_reason", "error", "note"):
            if value := getattr(step.answer, name):
                yield f"{name}: {value}"
    elif step.value is not None:
        yield from _pretty(step.value)
    elif step.error:
        yield step.error


def _usage(step: Step) -> Iterator[str]:
    for name, count in asdict(step.usage).items() if step.usage else ():
        yield f"{name}: {count}"


PARTS = ("request", "response", "usage")
_SHOWN: dict[str, Callable[[Step], Iterator[str]]] = {"request": _request, "response": _response, "usage": _usage}


def _pretty(text: str) -> Iterator[str]:
    """JSON indented, anything else as it is."""
    try:
        yield text if is_heavy(text.encode("utf-8", "replace")) else _indented(text)
    except (ValueError, RecursionError):
        if text:
            yield text


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def to_dict(step: Step) -> dict[str, Any]:
    """One line of the list as data; durations in ns."""
    return {
        "number": step.number,
        "kind": step.kind,
        "name": step.name,
        "event": step.event,
        "inferred": step.inferred,
        "depth": step.depth,
        "parent": step.parent,
        "lineage": step.lineage,
        "at": step.at,
        "duration": step.duration,
        "status": step.status,
        "error": step.error,
        "model": step.model,
        "usage": asdict(step.usage) if step.usage else None,
        "where": step.source.where if step.source else "",
        "origin": step.source.origin if step.source else None,
    }


def whole(step: Step) -> dict[str, Any]:
    """One step in full as data. ``messages`` are None for what is no LLM call."""
    return {
        **to_dict(step),
        "format": step.reading.dialect.name if isinstance(step.reading, LlmReading) else None,
        "request": {
            "action": step.source.request.action if step.source else None,
            "target": step.source.request.target if step.source else None,
            "headers": step.source.request.headers if step.source else (),
            "llm": asdict(step.request) if step.request else None,
            "arguments": step.arguments,
        },
        "response": {
            "status": _status_code(step),
            "llm": asdict(step.answer) if step.answer else None,
            "value": step.value,
        },
    }


def _status_code(step: Step) -> int | None:
    answer = step.source.answer if step.source else None
    return answer.head.status if answer and answer.head else None
