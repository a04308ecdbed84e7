"""Amazon Bedrock: ``Converse``, the one format for all models, and ``InvokeModel``, where each speaks its own.

Shapes: Amazon Bedrock's API reference, and "Inference request parameters and response fields" in its user guide. The
path names the model. Streams are AWS event streams (:mod:`replay.dialects.eventstream`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, count, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolDefinition, ToolResult, Usage
from replay.dialects.model import message as make_message

_NOT_PARAMS = frozenset(("messages", "system", "toolConfig"))
_MODEL = re.compile(r"/model/(.+)/[a-z-]+$")


def model_in(path: str) -> str:
    found = _MODEL.search(path)
    return found[1] if found else ""


def _request(path: str, body: Document) -> LlmRequest:
    messages: list[Message] = []
    if body.get("system"):
        messages.append(make_message("system", _parts(items(body["system"])), path="system"))
    for at, item in enumerate(documents(body.get("messages"))):
        messages += _messages(item, f"messages[{at}]")
    return LlmRequest(
        model=model_in(path),
        messages=tuple(messages),
        tools=tuple([_tool(each) for each in documents(document(body.get("toolConfig")).get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=path.endswith("stream"),
    )


def _tool(tool: Document) -> ToolDefinition:
    spec = document(tool.get("toolSpec"))
    schema = document(spec.get("inputSchema")).get("json")
    if spec:
        return ToolDefinition(string(spec.get("name")), string(spec.get("description")), schema)
    kind = next(iter(tool), "")
    return ToolDefinition(string(document(tool.get(kind)).get("name")) or kind, parameters=tool.get(kind), kind=kind)


def _messages(item: Document, path: str) -> Iterator[Message]:
    """One ``user`` message may carry several tool results: each is a message of its own."""
    content = item.get("content")
    others: list[Any] = []
    for at, block in enumerate(items(content)):
        if result := document(document(block).get("toolResult")):
            yield _result(result, f"{path}.content[{at}].toolResult")
        else:
            others.append(block)
    if others or isinstance(content, str) or not content:
        yield _message(string(item.get("role")), others or content, path)


def _result(result: Document, path: str) -> Message:
    return make_message(
        "tool",
        _parts(items(result.get("content"))),
        tool_call_id=string(result.get("toolUseId")),
        error=result.get("status") == "error",
        path=path,
    )


def _message(role: str, content: Any, path: str = "") -> Message:
    if isinstance(content, str):
        return Message(role, content, path=path)
    calls = [document(block.get("toolUse")) for block in documents(content)]
    made = tuple([_call(call) for call in calls if call])
    return make_message(role, _parts(items(content)), tool_calls=made, path=path)


def _call(use: Document) -> ToolCall:
    return ToolCall(string(use.get("toolUseId")), string(use.get("name")), compact(use.get("input")))


def _parts(content: list[Any]) -> Iterator[Part]:
    for block in content:
        doc = document(block)
        thought = document(doc.get("reasoningContent"))
        if isinstance(doc.get("text"), str):
            yield Part("text", doc["text"])
        elif "json" in doc:
            yield Part("text", compact(doc["json"]))
        elif words := string(document(thought.get("reasoningText")).get("text")):
            yield Part("thinking", words)
        elif "redactedContent" in thought:
            yield Part("redacted_thinking", "", doc)
        elif "toolUse" not in doc and doc:
            kind = next(iter(doc))
            yield Part(kind, string(document(doc[kind]).get("name") or document(doc[kind]).get("format")), doc)


def _answer(body: Document) -> LlmAnswer:
    said = document(document(body.get("output")).get("message"))
    return LlmAnswer(
        messages=(_message("assistant", said.get("content")),) if said else (),
        usage=_usage(body.get("usage")),
        finish_reason=string(body.get("stopReason")),
        error=lenient.error_text(body),
    )


def _usage(value: Any) -> Usage | None:
    """``inputTokens`` leaves out what was read from and written to the cache: added here."""
    doc = document(value)
    if not doc:
        return None
    cached = count(doc.get("cacheReadInputTokens") or doc.get("cacheReadInputTokenCount"))
    written = count(doc.get("cacheWriteInputTokens") or doc.get("cacheWriteInputTokenCount"))
    return Usage(
        input=count(doc.get("inputTokens")) + cached + written,
        output=count(doc.get("outputTokens")),
        cached=cached,
        cache_written=written,
    )


def _assemble(events: Iterable[Document]) -> Document:
    whole: Document = {}
    blocks: dict[int, Document] = {}
    for event in events:
        kind = next((key for key in event if key in _EVENTS), "")
        inner = document(event.get(kind))
        if kind in ("contentBlockStart", "contentBlockDelta"):
            at = lenient.index(inner.get("contentBlockIndex"), 0)
            _add(blocks.setdefault(at, {}), document(inner.get("start") or inner.get("delta")))
        elif kind in ("messageStop", "metadata"):
            whole |= inner
        elif "error" in event:
            whole["error"] = event["error"]
    said = {"role": "assistant", "content": [_joined(blocks[at]) for at in sorted(blocks)]}
    return {**whole, "output": {"message": said}} if blocks else whole


_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")


def _add(block: Document, fragment: Document) -> None:
    use, thought = document(fragment.get("toolUse")), document(fragment.get("reasoningContent"))
    for key, value in (("text", fragment.get("text")), ("input", use.get("input")), ("thought", thought.get("text"))):
        if isinstance(value, str):
            block.setdefault(key, []).append(value)
    if "name" in use:
        block["use"] = use
    if isinstance(thought.get("redactedContent"), str):
        block["redacted"] = thought["redactedContent"]


def _joined(block: Document) -> Document:
    words = {key: "".join(value) for key, value in block.items() if isinstance(value, list)}
    if "use" in block or "input" in block:
        value = lenient.parse(words["input"]) if words.get("input") else {}
        return {"toolUse": {**document(block.get("use")), "input": words["input"] if value is None else value}}
    if "thought" in block:
        return {"reasoningContent": {"reasoningText": {"text": words["thought"]}}}
    if "redacted" in block:
        return {"reasoningContent": {"redactedContent": block["redacted"]}}
    return {"text": words.get("text", "")}


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("messages"))):
        recent = recent and item.get("role") != "assistant"
        for block in reversed(documents(item.get("content"))):
            if result := document(block.get("toolResult")):
                read = _result(result, "")
                yield ToolResult(read.tool_call_id, "", read.text, read.error, recent)


DIALECT = Dialect(
    name="bedrock.converse",
    provider="aws",
    endpoint=re.compile(r"/model/.+/converse(?:-stream)?$"),
    fields=("messages",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"toolResult"',),
    call_marks=(b'"toolUse"',),
)
