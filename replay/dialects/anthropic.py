"""Anthropic messages, at Anthropic and Vertex AI. Shapes: Anthropic's API reference, "Messages" and "Streaming".

One ``user`` message may carry several tool results beside words: each result is read as a ``tool`` message of its own.
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
from replay.dialects.places import texts

_NOT_PARAMS = frozenset(("model", "messages", "system", "tools", "stream"))
_LONG = 200
_PREDICT = (":rawPredict", ":streamRawPredict")


def _request(path: str, body: Document) -> LlmRequest:
    messages: list[Message] = []
    if body.get("system"):
        messages.append(make_message("system", _content(body["system"]), path="system"))
    for at, item in enumerate(documents(body.get("messages"))):
        messages += _messages(item, f"messages[{at}]")
    return LlmRequest(
        model=string(body.get("model")) or _model_in(path),
        messages=tuple(messages),
        tools=tuple([_tool(tool) for tool in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True or path.endswith(":streamRawPredict"),
    )


def _model_in(path: str) -> str:
    """Vertex AI names the model in the path: ``…/models/claude-x:rawPredict``."""
    return path.rpartition("/")[2].partition(":")[0] if path.endswith(_PREDICT) else ""


def _tool(tool: Document) -> ToolDefinition:
    kind = string(tool.get("type"))
    return ToolDefinition(
        string(tool.get("name")),
        string(tool.get("description")),
        tool.get("input_schema"),
        "function" if kind in ("", "custom") else kind,
    )


def _messages(item: Document, path: str) -> Iterator[Message]:
    content = item.get("content")
    others: list[Any] = []
    for at, block in enumerate(items(content)):
        if document(block).get("type") == "tool_result":
            yield _tool_message(block, f"{path}.content[{at}]")
        else:
            others.append(block)
    if others or not isinstance(content, list):
        yield _message(string(item.get("role")), others or content, path)


def _tool_message(block: Document, path: str) -> Message:
    return make_message(
        "tool",
        _content(block.get("content")),
        tool_call_id=string(block.get("tool_use_id")),
        error=block.get("is_error") is True,
        path=path,
    )


def _message(role: str, content: Any, path: str = "") -> Message:
    calls = [block for block in documents(content) if block.get("type") == "tool_use"]
    return make_message(role, _content(content), tool_calls=tuple([_call(block) for block in calls]), path=path)


def _call(block: Document) -> ToolCall:
    return ToolCall(string(block.get("id")), string(block.get("name")), compact(block.get("input")))


def _content(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
    for block in items(content):
        doc = document(block)
        kind = string(doc.get("type")) or "unknown"
        if isinstance(block, str) or kind == "text":
            yield Part("text", block if isinstance(block, str) else string(doc.get("text")))
        elif kind == "thinking":
            yield Part("thinking", string(doc.get("thinking")))
        elif kind != "tool_use":
            yield Part(kind, _describe(doc), block)


_DESCRIBED = (
    "source.url",
    "source.media_type",
    "source.file_id",
    "content.stdout",
    "content.stderr",
    "content.error_code",
    "content.content.title",
    "content.url",
    "content.*.title",
    "content.*.text",
    "tool_name",
    "file_id",
    "title",
)
"""What tells a block apart, the first that is there: media, and results of tools that the provider itself runs."""


def _describe(block: Document) -> str:
    """A call that the provider runs itself shows as a call does; of several results, all titles."""
    if "input" in block:
        return f"{string(block.get('name'))}({compact(block['input'])})"[:_LONG]
    return string(block.get("name"))[:_LONG] or ", ".join(texts(block, _DESCRIBED))[:_LONG]


def _answer(body: Document) -> LlmAnswer:
    content = body.get("content")
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(_message("assistant", content),) if content else (),
        usage=usage(body.get("usage")),
        finish_reason=string(body.get("stop_reason")),
        error=lenient.error_text(body),
    )


def usage(value: Any) -> Usage | None:
    """``input_tokens`` leaves out what was read from and written to the cache: added here."""
    doc = document(value)
    if not doc:
        return None
    cached, written = count(doc.get("cache_read_input_tokens")), count(doc.get("cache_creation_input_tokens"))
    details = document(doc.get("output_tokens_details"))
    return Usage(
        input=count(doc.get("input_tokens")) + cached + written,
        output=count(doc.get("output_tokens")),
        cached=cached,
        reasoning=count(details.get("thinking_tokens") or details.get("reasoning_tokens")),
        cache_written=written,
    )


def _assemble(events: Iterable[Document]) -> Document:
    whole: Document = {}
    blocks: dict[int, Document] = {}
    for event in events:
        kind = string(event.get("type"))
        if kind == "message_start":
            whole = {**document(event.get("message")), **whole}
        elif kind == "content_block_start":
            blocks[lenient.index(event.get("index"), 0)] = dict(document(event.get("content_block")))
        elif kind == "content_block_delta":
            _add_delta(blocks.setdefault(lenient.index(event.get("index"), 0), {}), document(event.get("delta")))
        elif kind == "message_delta":
            _end(whole, event)
        elif event.get("error"):
            whole["error"] = event["error"]
    return {**whole, "content": [_joined(blocks[at]) for at in sorted(blocks)]} if blocks else whole


def _end(whole: Document, event: Document) -> None:
    """Usage in ``message_delta`` is cumulative and may leave fields out."""
    whole |= document(event.get("delta"))
    newer = {key: value for key, value in document(event.get("usage")).items() if value is not None}
    whole["usage"] = {**document(whole.get("usage")), **newer}


_DELTAS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("partial_json", "input"),
}
"""Delta type -> its field, and the block's field that it is added to. Signatures and citations are not shown."""


def _add_delta(block: Document, delta: Document) -> None:
    kind = string(delta.get("type"))
    if kind in _DELTAS:
        source, target = _DELTAS[kind]
        block.setdefault("joining", {}).setdefault(target, []).append(string(delta.get(source)))


_KINDS = {"text": "text", "thinking": "thinking", "input": "tool_use"}


def _joined(block: Document) -> Document:
    """The block with its fragments joined; tool input as JSON if it is whole, else as the text that came."""
    for key, fragments in document(block.pop("joining", None)).items():
        words = "".join(fragments)
        block.setdefault("type", _KINDS[key])
        if key != "input":
            block[key] = string(block.get(key)) + words
        elif words:
            value = lenient.parse(words)
            block[key] = words if value is None else value
    return block


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("messages"))):
        recent = recent and item.get("role") != "assistant"
        for block in reversed(documents(item.get("content"))):
            if block.get("type") == "tool_result":
                text = "".join([part.text for part in _content(block.get("content"))])
                failed = block.get("is_error") is True
                yield ToolResult(string(block.get("tool_use_id")), "", text, failed, recent)


DIALECT = Dialect(
    name="anthropic",
    provider="anthropic",
    endpoint=re.compile(r"(?:/messages|:rawPredict|:streamRawPredict)$"),
    fields=("messages",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"tool_result"',),
    call_marks=(b'"tool_use"',),
)
