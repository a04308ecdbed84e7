"""What the tabs show of a step, line by line, as text a person reads or as the structure that was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from replay.dialects.body import decoded
from replay.dialects.dialect import answer_body
from replay.dialects.model import Message
from replay.dialects.steps import Step
from replay.events import Answer
from replay.report.amounts import counted, elapsed, money, scaled, volume
from replay.report.steps import details
from replay.tui.view.page import HEADING
from replay.tui.view.query import Price
from replay.tui.view.text import steady

TABS = ("response", "request", "messages", "metrics", "raw")

_BREAK = re.compile(r"(?<=[^\\]\\n)(?=[^\"])")
"""After an escaped line break inside a JSON string, unless the string ends there."""


def response(step: Step, structure: bool) -> Iterator[str]:
    if not structure:
        yield from details(step, "response")
        return
    if step.error:
        yield f"{HEADING}error"
        yield step.error
    if step.answer is not None:
        said = [_message(message) for message in step.answer.messages]
        yield from pretty(said[0] if len(said) == 1 else said)
        for name in ("finish_reason", "note"):
            if value := getattr(step.answer, name):
                yield f"{name}: {value}"
    elif step.value is not None:
        yield from pretty_text(step.value)
    elif not step.error:
        yield "a span: it has no answer" if step.kind == "span" else "no answer came"


def request(step: Step, structure: bool) -> Iterator[str]:
    if not structure:
        yield from details(step, "request")
    elif step.kind == "span":
        yield "a span: it asks nothing"
    elif step.source is not None and step.source.request.kind == "http":
        asked = step.source.request
        yield f"{HEADING}{asked.action} {asked.target}"
        yield from pretty_text(decoded(asked.body, asked.header("content-encoding")).data.decode("utf-8", "replace"))
    else:
        yield f"{HEADING}{step.name}"
        yield from pretty_text(step.arguments)


def metrics(step: Step, price: Price) -> Iterator[str]:
    """Numbers of the step; an amount that is not known is left out."""
    usage = asdict(step.usage) if step.usage else {}
    answer = step.source.answer if step.source else None
    cost = price(step) if step.kind == "llm" else None
    for name, value in (
        ("status", step.status),
        ("model", step.model),
        *[(f"tokens {name}", scaled(count)) for name, count in usage.items()],
        ("cost", money(cost)),
        ("began", f"+{elapsed(step.at)}"),
        ("took", elapsed(step.duration)),
        ("first byte after", _first_byte(step, answer)),
        ("answer", f"{volume(len(answer.body))} in {counted(len(answer.chunks), 'piece')}" if answer else ""),
        ("asked with", volume(len(step.source.request.body)) if step.source else ""),
        ("where", step.source.where if step.source else "inferred from the traffic"),
        ("lineage", step.lineage),
        ("origin", step.source.origin if step.source else ""),
        ("effect", (step.source.request.effect or "") if step.source else ""),
    ):
        if value:
            yield f"{name.ljust(22)}{value}"


def raw(step: Step) -> Iterator[str]:
    """What lay on the wire, unpacked; secrets were replaced when it was recorded."""
    if step.source is None:
        yield "inferred from the traffic: nothing of it was recorded itself"
        return
    asked = step.source.request
    yield f"{HEADING}{asked.action} {asked.target}"
    yield from (f"{name}: {value}" for name, value in asked.headers)
    yield ""
    yield from _plain(decoded(asked.body, asked.header("content-encoding")).data)
    answer = step.source.answer
    if answer is None:
        yield f"{HEADING}no answer"
        return
    head = answer.head
    yield f"{HEADING}{head.http_version} {head.status} {head.reason}".rstrip() if head else f"{HEADING}answer"
    yield from (f"{name}: {value}" for name, value in (head.headers if head else ()))
    yield ""
    yield from _plain(answer_body(answer).data)
    yield f"{HEADING}{answer.end.ending if answer.end else 'in flight'}"
    if answer.failure:
        yield f"{answer.failure.name}: {answer.failure.message}"


PAGES: dict[str, Callable[[Step, bool, Price], Iterator[str]]] = {
    "response": lambda step, structure, price: response(step, structure),
    "request": lambda step, structure, price: request(step, structure),
    "metrics": lambda step, structure, price: metrics(step, price),
    "raw": lambda step, structure, price: raw(step),
}
"""By tab. The tab ``messages`` needs more than the step: :mod:`replay.tui.view.context`."""


def page(step: Step, tab: str, structure: bool, price: Price) -> tuple[str, ...]:
    """The lines of ``tab``: neutral, without tabs."""
    return lines("\n".join(PAGES[tab](step, structure, price)))


def lines(text: str) -> tuple[str, ...]:
    """``text`` made harmless and cut into lines."""
    return tuple(steady(text.replace("\r\n", "\n").expandtabs(4)).split("\n"))


def pretty(value: Any) -> Iterator[str]:
    """JSON indented; a string of several lines goes on in lines of its own."""
    yield from _BREAK.sub("\n", json.dumps(value, indent=2, ensure_ascii=False)).split("\n")


def pretty_text(text: str) -> Iterator[str]:
    """The same of JSON text; anything else as it is."""
    try:
        yield from pretty(json.loads(text))
    except (ValueError, RecursionError):
        yield from text.split("\n") if text else ()


def _message(message: Message) -> dict[str, Any]:
    """A message as data: role, content and tool calls, without what is empty."""
    parts = [part.text if part.kind == "text" else {part.kind: part.text} for part in message.parts]
    calls = [{"name": call.name, "arguments": _parsed(call.arguments)} for call in message.tool_calls]
    shown = {"role": message.role, "content": parts or message.text, "tool_calls": calls}
    return {name: value for name, value in shown.items() if value}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _plain(body: bytes) -> Iterator[str]:
    if body:
        yield from body.decode("utf-8", "replace").split("\n")


def _first_byte(step: Step, answer: Answer | None) -> str:
    return elapsed(max(0, answer.chunks[0].at - step.at)) if answer and len(answer.chunks) > 1 else ""
