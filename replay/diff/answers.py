"""An answer as data that can be compared field by field, whatever wire format or chunks it came in.

A model's answer is what it said and asked for: ``content``, ``tool_calls``, ``finish_reason``, ``model``, ``error``.
Other answers, vectors and pictures of models among them, are ``status`` and ``body``, or a tool's ``value``.
"""

from __future__ import annotations

from typing import Any

import orjson

from replay.dialects.body import decoded
from replay.dialects.model import LlmAnswer, Message, ToolCall
from replay.dialects.reading import GrpcReading, LlmReading, WebSocketReading
from replay.dialects.steps import Step
from replay.events import Answer


def same_answer(a: Step, b: Step) -> bool:
    """Whether what came is equal to the byte, so that nothing needs to be read."""
    old, new = (step.source.answer if step.source else None for step in (a, b))
    if old is None or new is None:
        return a.source is b.source is None and a.value == b.value and a.error == b.error
    if (old.head is None) != (new.head is None) or (old.end is None) != (new.end is None):
        return False
    status = (old.head.status if old.head else 0) == (new.head.status if new.head else 0)
    ending = old.end is None or new.end is None or (old.end.ending == new.end.ending)
    return status and ending and old.failure == new.failure and old.body == new.body


def answer_document(step: Step) -> dict[str, Any]:
    """What came back, as comparable data; how the answer ended is told when it did not end well."""
    ending = {"ending": step.status} if step.status in ("closed", "pending") else {}
    failed = {"error": step.error} if step.error else {}
    if step.answer is not None and _is_said(step):
        return {**_llm(step.answer), **failed, **ending}
    answer = step.source.answer if step.source else None
    if isinstance(step.reading, (WebSocketReading, GrpcReading)):
        came = {"messages": [parsed(line) for line in step.value.splitlines()]} if step.value else {}
        return {**came, **failed, **ending}
    if step.kind in ("http", "llm") and answer is not None and answer.head is not None:
        return {"status": answer.head.status, "body": body_document(answer), **failed, **ending}
    value = {} if step.value is None else {"value": parsed(step.value)}
    return {**value, **failed, **ending}


def _is_said(step: Step) -> bool:
    """Whether a model answered in words: vectors, pictures and the like are compared as they are."""
    return isinstance(step.reading, LlmReading) and step.reading.dialect.does == "answer"


def _llm(answer: LlmAnswer) -> dict[str, Any]:
    first, *more = answer.messages or (Message("assistant"),)
    shown = {**_message(first), "finish_reason": answer.finish_reason, "model": answer.model}
    if more:
        shown["choices"] = [_message(message) for message in answer.messages]
    if answer.note:
        shown["note"] = answer.note
    return shown


def _message(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {"content": message.text}
    others = [
        {"kind": part.kind, "text": part.text} for part in message.parts if part.kind not in ("text", "tool_call")
    ]
    if others:
        shown["parts"] = others
    if message.tool_calls:
        shown["tool_calls"] = [_call(call) for call in message.tool_calls]
    return shown


def _call(call: ToolCall) -> dict[str, Any]:
    """Without its id, which models make up anew for each answer."""
    return {"name": call.name, "arguments": parsed(call.arguments)}


def body_document(answer: Answer) -> Any:
    """The body, unpacked: as data when it is JSON, else as text."""
    return parsed(decoded(answer.body, answer.head.header("content-encoding") if answer.head else None).data)


def parsed(text: str | bytes) -> Any:
    """JSON as data, anything else as text; so is what is nested deeper than can be written again."""
    try:
        value = orjson.loads(text)
        orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return text if isinstance(text, str) else text.decode("utf-8", "replace")
    return value
