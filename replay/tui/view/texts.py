"""All texts of a step, each with the field it lies in: what a search reads, and who asks where a text comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from replay.dialects.model import Message
from replay.dialects.steps import Step


@dataclass(frozen=True, slots=True)
class Text:
    """``side``: ``request`` (what the program sent) or ``response`` (what came back). ``path``: the field, as the
    diff names it (``request.messages[3].content``)."""

    side: str
    path: str
    text: str


def texts(step: Step) -> Iterator[Text]:
    """The texts of ``step``, the request's first. Never raises on odd bodies."""
    if step.kind == "span":
        return
    if step.request is not None:
        yield from _request(step)
    elif step.arguments:
        yield Text("request", "arguments" if step.kind == "tool" else "request.body", step.arguments)
    if step.answer is not None:
        yield from _messages(step.answer.messages, "response", "response.")
    elif step.value is not None:
        yield Text("response", "value" if step.kind == "tool" else "response.body", step.value)
    if step.error:
        yield Text("response", "error", step.error)


def heading(step: Step) -> str:
    """The name and the model: found by a search, but nothing that flows from step to step."""
    return f"{step.name} {step.model}"


def _request(step: Step) -> Iterator[Text]:
    assert step.request is not None
    yield from _messages(step.request.messages, "request", "request.")
    for at, tool in enumerate(step.request.tools):
        yield Text("request", f"request.tools[{at}]", f"{tool.name}: {tool.description}")
    for name, value in step.request.params.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield Text("request", f"request.{name}", str(value))


def _messages(messages: Iterable[Message], side: str, root: str) -> Iterator[Text]:
    for at, message in enumerate(messages):
        path = root + (message.path or f"messages[{at}]")
        if message.text:
            yield Text(side, path, message.text)
        for part in message.parts:
            if part.kind != "text" and part.text:
                yield Text(side, f"{path}.{part.kind}", part.text)
        for n, call in enumerate(message.tool_calls):
            yield Text(side, f"{path}.tool_calls[{n}]", f"{call.name}({call.arguments})")
