"""Mistral conversations: Mistral keeps tools and history. Shapes: Mistral's API reference, "Conversations".

Entries of the input and of the output have the same shapes; ``tool.execution`` is what Mistral ran itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolResult
from replay.dialects.model import message as make_message

_NOT_PARAMS = frozenset(("model", "agent_id", "inputs", "instructions", "tools", "stream"))


def _request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")) or string(body.get("agent_id")),
        messages=tuple(_messages(body)),
        tools=tuple([openai_chat.tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _messages(body: Document) -> Iterator[Message]:
    if words := string(body.get("instructions")):
        yield Message("system", words, path="instructions")
    inputs = body.get("inputs")
    if isinstance(inputs, str):
        yield Message("user", inputs, path="inputs")
    for at, entry in enumerate(items(inputs)):
        yield _entry(lenient.document(entry), f"inputs[{at}]")


def _entry(entry: Document, path: str = "") -> Message:
    kind = string(entry.get("type"))
    if kind == "function.result":
        return Message("tool", string(entry.get("result")), tool_call_id=string(entry.get("tool_call_id")), path=path)
    if kind == "function.call":
        return Message("assistant", tool_calls=(_call(entry),), path=path)
    role = string(entry.get("role")) or ("user" if kind == "message.input" else "assistant")
    if kind in ("", "message.input", "message.output"):
        return make_message(role, openai_chat.content(entry.get("content")), path=path)
    return Message(role, parts=(Part(kind, string(entry.get("name")) or string(entry.get("info")), entry),), path=path)


def _call(entry: Document) -> ToolCall:
    return ToolCall(string(entry.get("tool_call_id")), string(entry.get("name")), compact(entry.get("arguments")))


def _answer(body: Document) -> LlmAnswer:
    read = [_entry(entry) for entry in documents(body.get("outputs"))]
    parts = [part for message in read for part in message.parts or (Part("text", message.text),)]
    calls = tuple([call for message in read for call in message.tool_calls])
    return LlmAnswer(
        model=next((string(entry.get("model")) for entry in documents(body.get("outputs")) if entry.get("model")), ""),
        messages=(make_message("assistant", parts, tool_calls=calls),) if read else (),
        usage=openai_chat.usage(body.get("usage")),
        finish_reason=("tool_calls" if calls else "stop") if body.get("usage") else "",
        error=lenient.error_text(body) or ("" if read else string(body.get("message"))),
    )


def _assemble(events: Iterable[Document]) -> Document:
    """Entries are numbered by ``output_index``; the words and arguments of one come in pieces."""
    whole: Document = {}
    entries: dict[int, Document] = {}
    for event in events:
        kind = string(event.get("type"))
        entry = entries.setdefault(lenient.index(event.get("output_index"), 0), {}) if kind in _ENTRIES else {}
        if kind == "message.output.delta":
            piece = event.get("content")
            pieces = [{"type": "text", "text": piece}] if isinstance(piece, str) else items(piece)
            entry |= {"type": "message.output", "role": "assistant", "model": event.get("model")}
            lenient.grown(entry, "content").extend(pieces)
        elif kind == "function.call.delta":
            lenient.grown(entry, "pieces").append(compact(event.get("arguments")))
            entry |= {**event, "type": "function.call"}
        elif kind in _ENTRIES:
            entry |= {**event, "type": "tool.execution"}
        elif kind.startswith("conversation.response."):
            whole |= event
    return {**whole, "outputs": [_joined(entries[at]) for at in sorted(entries)]} if entries else whole


def _joined(entry: Document) -> Document:
    pieces = entry.pop("pieces", None)
    return entry if pieces is None else {**entry, "arguments": "".join([string(piece) for piece in items(pieces)])}


_ENTRIES = (
    "message.output.delta", "function.call.delta", "tool.execution.started", "tool.execution.delta",
    "tool.execution.done",
)  # fmt: skip


def _results(body: Document) -> Iterator[ToolResult]:
    for entry in reversed(documents(body.get("inputs"))):
        if entry.get("type") == "function.result":
            yield ToolResult(string(entry.get("tool_call_id")), "", string(entry.get("result")))


DIALECT = Dialect(
    name="mistral.conversations",
    provider="mistral",
    endpoint=re.compile(r"/v1/conversations(?:/[^/]+(?:/restart)?)?$"),
    fields=("inputs",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"function.result"',),
    call_marks=(b'"function.call',),
)
