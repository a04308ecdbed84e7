"""Gemini interactions. Shapes: Google's API reference, "Interactions".

A run of steps (``model_output``, ``thought``, ``function_call``, ``function_result``, …), which input and answer share;
earlier versions had ``outputs``, contents of the model alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, count, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolResult, Usage
from replay.dialects.model import message as make_message
from replay.dialects.places import text

_DESCRIBED = ("uri", "mime_type", "arguments.code", "arguments.queries.*", "name")
_NOT_PARAMS = frozenset(("model", "agent", "input", "system_instruction", "tools", "stream"))


def _request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")) or string(body.get("agent")),
        messages=tuple(_messages(body)),
        tools=tuple([openai_chat.tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _messages(body: Document) -> Iterator[Message]:
    if words := string(body.get("system_instruction")):
        yield Message("system", words, path="system_instruction")
    asked = body.get("input")
    if isinstance(asked, str):
        yield Message("user", asked, path="input")
    for at, step in enumerate(items(asked)):
        yield _step(document(step), f"input[{at}]", "user")


def _step(step: Document, path: str, role: str) -> Message:
    """A step; or a bare content, which is said by ``role``; or a turn of earlier versions."""
    kind = string(step.get("type"))
    if kind == "function_result":
        return make_message("tool", _content(step.get("result")), tool_call_id=string(step.get("call_id")), path=path)
    if kind == "function_call":
        call = ToolCall(string(step.get("id")), string(step.get("name")), compact(step.get("arguments")))
        return Message("assistant", tool_calls=(call,), path=path)
    if kind == "thought":
        thoughts = [Part("thinking", part.text) for part in _content(step.get("summary"))]
        return make_message("assistant", thoughts, path=path)
    if kind in ("user_input", "model_output") or "role" in step:
        user = kind == "user_input" or step.get("role") == "user"
        return make_message("user" if user else "assistant", _content(step.get("content")), path=path)
    return make_message(role, _content(step), path=path)


def _content(content: object) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
    for doc in documents(content):
        kind = string(doc.get("type")) or "unknown"
        if kind == "text" or (kind == "unknown" and "text" in doc):
            yield Part("text", string(doc.get("text")))
        else:
            yield Part(kind, text(doc, _DESCRIBED)[:200], doc)


def _answer(body: Document) -> LlmAnswer:
    said = [_step(each, "", "assistant") for each in documents(body.get("steps")) or documents(body.get("outputs"))]
    said = [message for message in said if message.role == "assistant"]
    parts = [part for message in said for part in message.parts or (Part("text", message.text),)]
    calls = tuple([call for message in said for call in message.tool_calls])
    status = string(body.get("status"))
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(make_message("assistant", parts, tool_calls=calls),) if said else (),
        usage=_usage(body.get("usage")),
        finish_reason="" if status == "in_progress" else status,
        error=lenient.error_text(body),
    )


def _usage(value: object) -> Usage | None:
    """Thoughts and tool-use prompts are counted beside the output's and the input's tokens: added here."""
    doc = document(value)
    if not doc:
        return None
    thoughts = count(doc.get("total_thought_tokens"))
    return Usage(
        input=count(doc.get("total_input_tokens")) + count(doc.get("total_tool_use_tokens")),
        output=count(doc.get("total_output_tokens")) + thoughts,
        cached=count(doc.get("total_cached_tokens")),
        reasoning=thoughts,
    )


def _assemble(events: Iterable[Document]) -> Document:
    whole: Document = {}
    steps: dict[int, Document] = {}
    for event in events:
        kind = string(event.get("event_type"))
        at = lenient.index(event.get("index"), 0)
        if kind == "step.start":
            steps[at] = dict(document(event.get("step")))
        elif kind == "step.delta":
            _add(steps.setdefault(at, {"type": "model_output"}), document(event.get("delta")))
        elif isinstance(event.get("interaction"), dict):
            whole |= event["interaction"]
        elif "error" in event:
            whole["error"] = event["error"]
    return {**whole, "steps": [_joined(steps[at]) for at in sorted(steps)]} if steps else whole


def _add(step: Document, delta: Document) -> None:
    kind = string(delta.get("type"))
    if kind == "thought_summary":
        lenient.grown(step, "summary").extend(items(delta.get("content")))
    elif isinstance(delta.get("arguments"), str):
        lenient.grown(step, "pieces").append(delta["arguments"])
    elif kind != "thought_signature":
        lenient.grown(step, "content").append(delta)


def _joined(step: Document) -> Document:
    words = "".join([string(piece) for piece in items(step.pop("pieces", None))])
    if words:
        value = lenient.parse(words)
        step["arguments"] = words if value is None else value
    return step


def _results(body: Document) -> Iterator[ToolResult]:
    for step in reversed(documents(body.get("input"))):
        if step.get("type") == "function_result":
            read = _step(step, "", "tool")
            yield ToolResult(read.tool_call_id, string(step.get("name")), read.text, step.get("is_error") is True)


DIALECT = Dialect(
    name="gemini.interactions",
    provider="google",
    endpoint=re.compile(r"/v1(?:beta|alpha)?/interactions$|^[^/]*\.googleapis\.com/.*/interactions$"),
    fields=("input",),
    beside=("model", "agent"),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"function_result"',),
    call_marks=(b'"function_call"',),
)
