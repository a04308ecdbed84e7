"""OpenAI chat completions, as OpenAI, Azure and most other providers and local servers speak it.

Shapes: OpenAI's API reference, "Chat" (`chat.completion`, `chat.completion.chunk`); also the older ``functions`` and
``function_call``, and the ``reasoning`` and ``reasoning_content`` fields that other providers add.
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

_NOT_PARAMS = frozenset(("model", "messages", "tools", "functions", "stream"))
_TOOL_ROLES = ("tool", "function")
_JOINED = ("content", "refusal", "reasoning_content", "reasoning")


def _request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")),
        messages=tuple([_message(item, path=f"messages[{at}]") for at, item in enumerate(items(body.get("messages")))]),
        tools=tuple([_tool(tool) for tool in documents(body.get("tools")) + documents(body.get("functions"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _tool(tool: Document) -> ToolDefinition:
    kind = string(tool.get("type")) or "function"
    inner = document(tool.get(kind)) or tool
    name = string(inner.get("name")) or kind
    return ToolDefinition(name, string(inner.get("description")), inner.get("parameters"), kind)


def _message(item: Any, path: str = "") -> Message:
    doc = document(item)
    role = string(doc.get("role"))
    return make_message(
        "tool" if role == "function" else role,
        [*_thinking(doc), *_content(doc.get("content")), *_refusal(doc)],
        tool_calls=tuple(_calls(doc)),
        tool_call_id=string(doc.get("tool_call_id")),
        name=string(doc.get("name")),
        path=path,
    )


def _content(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
    for item in items(content):
        doc = document(item)
        kind = string(doc.get("type")) or "unknown"
        if isinstance(item, str) or kind == "text":
            yield Part("text", item if isinstance(item, str) else string(doc.get("text")))
        elif kind == "thinking":
            yield from (Part("thinking", part.text) for part in _content(_flat(doc.get("thinking"))))
        else:
            yield Part(kind, _describe(doc.get(kind)), item)


def _flat(thinking: Any) -> str:
    """Mistral nests text parts in a thinking part."""
    return thinking if isinstance(thinking, str) else "".join([string(doc.get("text")) for doc in documents(thinking)])


def _describe(media: Any) -> str:
    doc = document(media)
    return string(doc.get("url") or doc.get("filename") or doc.get("file_id") or doc.get("format"))[:200]


def _thinking(doc: Document) -> Iterator[Part]:
    words = string(doc.get("reasoning_content")) or string(doc.get("reasoning"))
    if words:
        yield Part("thinking", words)


def _refusal(doc: Document) -> Iterator[Part]:
    if refusal := string(doc.get("refusal")):
        yield Part("refusal", refusal)


def _calls(doc: Document) -> Iterator[ToolCall]:
    for call in documents(doc.get("tool_calls")):
        inner = document(call.get("function")) or document(call.get("custom"))
        arguments = inner.get("arguments", inner.get("input"))
        yield ToolCall(string(call.get("id")), string(inner.get("name")), compact(arguments))
    if legacy := document(doc.get("function_call")):
        yield ToolCall("", string(legacy.get("name")), compact(legacy.get("arguments")))


def _answer(body: Document) -> LlmAnswer:
    choices = documents(body.get("choices"))
    return LlmAnswer(
        model=string(body.get("model")),
        messages=tuple([_message({"role": "assistant", **document(choice.get("message"))}) for choice in choices]),
        usage=usage(body.get("usage") or document(body.get("x_groq")).get("usage")),
        finish_reason=string(choices[0].get("finish_reason")) if choices else "",
        error=lenient.error_text(body),
    )


def usage(value: Any) -> Usage | None:
    """``prompt_tokens`` includes cached tokens, ``completion_tokens`` reasoning ones."""
    doc = document(value)
    if not doc:
        return None
    prompt = document(doc.get("prompt_tokens_details"))
    completion = document(doc.get("completion_tokens_details"))
    return Usage(
        input=count(doc.get("prompt_tokens")),
        output=count(doc.get("completion_tokens")),
        cached=count(prompt.get("cached_tokens")),
        reasoning=count(completion.get("reasoning_tokens")),
        cache_written=count(prompt.get("cache_write_tokens")),
    )


def _assemble(chunks: Iterable[Document]) -> Document:
    whole: Document = {}
    choices: dict[int, Document] = {}
    for chunk in chunks:
        whole |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        for choice in documents(chunk.get("choices")):
            target = choices.setdefault(lenient.index(choice.get("index"), 0), {"message": {}})
            _add_delta(target["message"], document(choice.get("delta")))
            target["finish_reason"] = choice.get("finish_reason") or target.get("finish_reason")
    whole["choices"] = [_with_calls(choices[at]) for at in sorted(choices)]
    return whole


def _add_delta(message: Document, delta: Document) -> None:
    """Add one fragment. Tool calls are kept as lists of fragments until :func:`_with_calls`."""
    for key in _JOINED:
        value = delta.get(key)
        if isinstance(value, str):
            parts = message.setdefault(key, [])
            parts.append({"type": "text", "text": value})
        elif isinstance(value, list):
            message.setdefault(key, []).extend(value)
    if isinstance(delta.get("role"), str):
        message["role"] = delta["role"]
    for fragment in documents(delta.get("tool_calls")):
        _add_call(message.setdefault("tool_calls", []), message.setdefault("latest", {}), fragment)
    if legacy := document(delta.get("function_call")):
        message.setdefault("function_call", []).append(legacy)


def _add_call(calls: list[Document], latest: dict[int, Document], fragment: Document) -> None:
    """Join by ``index``. Some servers number every call 0 or send no index: a new id then begins a new call."""
    at, call_id = lenient.index(fragment.get("index"), 0), string(fragment.get("id"))
    call = latest.get(at)
    if call is None or (call_id and call["id"] and call_id != call["id"]):
        call = latest[at] = {"id": call_id, "fragments": []}
        calls.append(call)
    call["id"] = call["id"] or call_id
    call["fragments"].append(document(fragment.get("function")) or document(fragment.get("custom")))


def _with_calls(choice: Document) -> Document:
    message = choice["message"]
    for key in _JOINED[1:]:
        if key in message:
            message[key] = "".join([string(document(part).get("text")) for part in message[key]])
    if "tool_calls" in message:
        message["tool_calls"] = [
            {"id": call["id"], "function": _joined(call["fragments"])} for call in message["tool_calls"]
        ]
    if "function_call" in message:
        message["function_call"] = _joined(message["function_call"])
    return choice


def _joined(fragments: list[Document]) -> Document:
    names = [string(fragment.get("name")) for fragment in fragments]
    arguments = [compact(fragment.get("arguments", fragment.get("input"))) for fragment in fragments]
    return {"name": next(filter(None, names), ""), "arguments": "".join(arguments)}


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("messages"))):
        role = item.get("role")
        recent = recent and role != "assistant"
        if role in _TOOL_ROLES:
            text = "".join([part.text for part in _content(item.get("content"))])
            yield ToolResult(string(item.get("tool_call_id")), string(item.get("name")), text, recent=recent)


DIALECT = Dialect(
    name="openai.chat",
    provider="openai",
    endpoint=re.compile(r"/chat/completions$"),
    fields=("messages",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"tool_call_id"', b'"function"'),
    call_marks=(b'"tool_calls"', b'"function_call"'),
)
