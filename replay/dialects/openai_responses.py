"""OpenAI responses. Shapes: OpenAI's API reference, "Responses" and "Streaming events".

An input item and an output item have the same shapes, so one function reads both; the items of an answer are then put
together as one message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, count, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolDefinition, ToolResult, Usage
from replay.dialects.model import message as make_message
from replay.dialects.places import texts

_NOT_PARAMS = frozenset(("model", "input", "instructions", "tools", "stream"))
_TEXT = ("input_text", "output_text", "text", "summary_text", "reasoning_text")
_LONG = 200
_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def _request(_path: str, body: Document) -> LlmRequest:
    instructions, asked = body.get("instructions"), body.get("input")
    messages: list[Message] = []
    if instructions:
        words = _content(instructions) if isinstance(instructions, str) else [Part("text", compact(instructions))]
        messages.append(make_message("system", words, path="instructions"))
    if isinstance(asked, str):
        messages.append(Message("user", asked, path="input"))
    messages += [_item(item, path=f"input[{at}]") for at, item in enumerate(items(asked))]
    return LlmRequest(
        model=string(body.get("model")),
        messages=tuple(messages),
        tools=tuple([_tool(tool) for tool in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _tool(tool: Document) -> ToolDefinition:
    kind = string(tool.get("type")) or "function"
    name = string(tool.get("name") or tool.get("server_label")) or kind
    return ToolDefinition(name, string(tool.get("description")), tool.get("parameters"), kind)


def _item(item: Any, path: str = "") -> Message:
    doc = document(item)
    kind = string(doc.get("type")) or "message"
    if _is_result(doc):
        parts = _content(doc.get("output"))
        return make_message("tool", parts, tool_call_id=string(doc.get("call_id")), path=path)
    if _is_call(doc):
        return Message("assistant", tool_calls=(_call(doc),), path=path)
    if kind == "message":
        return make_message(string(doc.get("role")) or "assistant", _content(doc.get("content")), path=path)
    return make_message("assistant", _other(kind, doc), path=path)


_DESCRIBED = (
    "action.query",
    "action.url",
    "queries.*",
    "code",
    "revised_prompt",
    "name",
    "server_label",
    "tools.*.name",
)
"""What the provider's own calls are about, the first that is there: searches, code, pictures, MCP servers' tools."""


def _is_call(doc: Document) -> bool:
    """A call that the program runs has a ``call_id``; the provider's own (web search, …) only an ``id``."""
    return string(doc.get("type")).endswith("_call") and doc.get("call_id") is not None


def _is_result(doc: Document) -> bool:
    return string(doc.get("type")).endswith("_call_output")


def _call(doc: Document) -> ToolCall:
    arguments = next(
        (doc[key] for key in ("arguments", "input", "action", "operation") if doc.get(key) is not None), ""
    )
    return ToolCall(string(doc.get("call_id")), string(doc.get("name")) or string(doc.get("type")), compact(arguments))


def _other(kind: str, doc: Document) -> Iterator[Part]:
    if kind == "reasoning":
        for thought in documents(doc.get("summary")) + documents(doc.get("content")):
            yield Part("thinking", string(thought.get("text")))
        if doc.get("encrypted_content"):
            yield Part("encrypted_reasoning", "", doc)
    else:
        yield Part(kind, (", ".join(texts(doc, _DESCRIBED)) or kind)[:_LONG], doc)


def _content(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
    for doc in documents(content):
        kind = string(doc.get("type"))
        if kind in _TEXT:
            yield Part("text", string(doc.get("text")))
        elif kind == "refusal":
            yield Part("refusal", string(doc.get("refusal")))
        else:
            yield Part(kind or "unknown", _describe(doc), doc)


def _describe(doc: Document) -> str:
    return string(doc.get("image_url") or doc.get("file_url") or doc.get("filename") or doc.get("file_id"))[:200]


def _answer(body: Document) -> LlmAnswer:
    read = [_item(item) for item in documents(body.get("output"))]
    parts = [part for message in read for part in message.parts or (Part("text", message.text),)]
    calls = tuple([call for message in read for call in message.tool_calls])
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(make_message("assistant", parts, tool_calls=calls),) if read else (),
        usage=_usage(body.get("usage")),
        finish_reason=_finish_reason(body),
        error=lenient.error_text(body),
    )


def _finish_reason(body: Document) -> str:
    """The reason why it is incomplete, else its status; nothing while it is still being made."""
    status = string(body.get("status"))
    reason = string(document(body.get("incomplete_details")).get("reason"))
    return reason or ("" if status in ("in_progress", "queued") else status)


def _usage(value: Any) -> Usage | None:
    """``input_tokens`` includes cached tokens, ``output_tokens`` reasoning ones."""
    doc = document(value)
    if not doc:
        return None
    before, after = document(doc.get("input_tokens_details")), document(doc.get("output_tokens_details"))
    return Usage(
        input=count(doc.get("input_tokens")),
        output=count(doc.get("output_tokens")),
        cached=count(before.get("cached_tokens")),
        reasoning=count(after.get("reasoning_tokens")),
        cache_written=count(before.get("cache_write_tokens")),
    )


def _assemble(events: Iterable[Document]) -> Document:
    """The last event carries the whole response; of a stream that breaks off, the items are joined from fragments."""
    whole: Document = {}
    output: dict[int, Document] = {}
    for event in events:
        kind = string(event.get("type"))
        if kind in _ENDS:
            return document(event.get("response"))
        if kind == "error":
            whole["error"] = event.get("error") or {"type": event.get("code"), "message": event.get("message")}
        elif kind.startswith("response.output_item."):
            output[lenient.index(event.get("output_index"), 0)] = dict(document(event.get("item")))
        elif kind in _FRAGMENTS:
            _FRAGMENTS[kind](output.setdefault(lenient.index(event.get("output_index"), 0), {}), event)
        elif isinstance(event.get("response"), dict):
            whole = {**event["response"], **whole}
        elif "error" in event:
            whole["error"] = event["error"]
    return {**whole, "output": [_joined(output[at]) for at in sorted(output)]} if output else whole


_Add = Callable[[Document, Document], None]


def _into(field: str, shape: str, key: str, number: str) -> _Add:
    """Adds a delta to the ``key`` of the piece numbered ``number`` in the item's list ``field``."""

    def add(item: Document, event: Document) -> None:
        pieces = item.setdefault("joining", {}).setdefault(field, {})
        piece = pieces.setdefault(lenient.index(event.get(number), 0), {"type": shape, key: []})
        piece.setdefault(key, []).append(string(event.get("delta")))

    return add


def _onto(key: str) -> _Add:
    """Adds a delta to the item's text ``key``."""

    def add(item: Document, event: Document) -> None:
        item.setdefault("joining", {}).setdefault(key, []).append(string(event.get("delta")))

    return add


_FRAGMENTS: dict[str, _Add] = {
    "response.output_text.delta": _into("content", "output_text", "text", "content_index"),
    "response.refusal.delta": _into("content", "refusal", "refusal", "content_index"),
    "response.reasoning_text.delta": _into("content", "reasoning_text", "text", "content_index"),
    "response.reasoning_summary_text.delta": _into("summary", "summary_text", "text", "summary_index"),
    "response.function_call_arguments.delta": _onto("arguments"),
    "response.custom_tool_call_input.delta": _onto("input"),
    "response.mcp_call_arguments.delta": _onto("arguments"),
    "response.code_interpreter_call_code.delta": _onto("code"),
}


def _joined(item: Document) -> Document:
    """The item with its fragments joined; one that came whole has none."""
    for key, fragments in document(item.pop("joining", None)).items():
        if isinstance(fragments, dict):
            item[key] = [
                {name: "".join(value) if isinstance(value, list) else value for name, value in fragments[at].items()}
                for at in sorted(fragments)
            ]
        else:
            item[key] = "".join(fragments)
    return item


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("input"))):
        recent = recent and item.get("role") != "assistant" and not _is_call(item)
        if _is_result(item):
            text = "".join([part.text for part in _content(item.get("output"))])
            yield ToolResult(string(item.get("call_id")), "", text, recent=recent)


DIALECT = Dialect(
    name="openai.responses",
    provider="openai",
    endpoint=re.compile(r"/responses(?:/compact)?$"),
    fields=("input", "prompt", "previous_response_id", "conversation"),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b"_call_output",),
    call_marks=(b"_call",),
)

STORED = replace(
    DIALECT,
    endpoint=re.compile(r"/responses/resp_[^/]+(?:/cancel)?$"),
    methods=("GET", "POST"),
    fields=(),
    billed=False,
)
"""A response asked for by its id, as programs do that let the model work in the background."""
