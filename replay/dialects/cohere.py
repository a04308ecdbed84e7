"""Cohere's own formats, versions 1 and 2. Shapes: Cohere's API reference, "Chat" and "Chat v1".

Version 2 has the messages of OpenAI's chat, and a ``tool_plan``; version 1 one ``message`` and a history. Both count
tokens as billed and as processed: the usage is what is billed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolDefinition, ToolResult, Usage
from replay.dialects.model import message as make_message
from replay.dialects.places import total

_NOT_PARAMS = frozenset(("model", "message", "messages", "chat_history", "preamble", "tools", "tool_results", "stream"))
_ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}


def _usage(holder: Document) -> Usage | None:
    before = total(holder, ("billed_units.input_tokens", "tokens.input_tokens"))
    after = total(holder, ("billed_units.output_tokens", "tokens.output_tokens"))
    cached = total(holder, ("cached_tokens",)) or 0
    return None if before is None and after is None else Usage(before or 0, after or 0, cached)


# Version 2 ------------------------------------------------------------------------------------------------------------


def _request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")),
        messages=tuple([_message(item, f"messages[{at}]") for at, item in enumerate(items(body.get("messages")))]),
        tools=tuple([openai_chat.tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _message(item: object, path: str = "") -> Message:
    doc = document(item)
    plan = string(doc.get("tool_plan"))
    if doc.get("role") == "tool":
        doc = {**doc, "content": _result_text(doc.get("content"))}
    return openai_chat.message({"reasoning": plan, **doc} if plan else doc, path)


def _result_text(content: object) -> str:
    """A tool's result: text, or documents that hold it."""
    if isinstance(content, str):
        return content
    parts = [(doc, document(doc.get("document"))) for doc in documents(content)]
    return "".join([compact(inner.get("data")) if inner else string(doc.get("text")) for doc, inner in parts])


def _answer(body: Document) -> LlmAnswer:
    said = body.get("message")
    is_error = isinstance(said, str)
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(_message({"role": "assistant", **document(said)}),) if isinstance(said, dict) else (),
        usage=_usage(document(body.get("usage"))),
        finish_reason=string(body.get("finish_reason")),
        error=lenient.error_text(body) or (string(said) if is_error else ""),
    )


def _assemble(events: Iterable[Document]) -> Document:
    whole: Document = {}
    message: Document = {}
    for event in events:
        kind, delta = string(event.get("type")), document(event.get("delta"))
        at = lenient.index(event.get("index"), 0)
        if kind in _ADD:
            _ADD[kind](message, at, document(delta.get("message")))
        elif kind == "message-end":
            whole |= delta
        elif kind == "message-start" or "error" in event:
            whole |= {key: value for key, value in event.items() if key in ("id", "error")}
    return {**whole, "message": _joined(message)} if message else whole


def _add_content(message: Document, at: int, fragment: Document) -> None:
    block = message.setdefault("content", {}).setdefault(at, {"type": "text"})
    for key, value in document(fragment.get("content")).items():
        if key in ("text", "thinking") and isinstance(value, str):
            block.setdefault(key, []).append(value)
            block["type"] = key
        elif key not in ("text", "thinking"):
            block[key] = value


def _add_plan(message: Document, _at: int, fragment: Document) -> None:
    message.setdefault("tool_plan", []).append(string(fragment.get("tool_plan")))


def _add_call(message: Document, at: int, fragment: Document) -> None:
    given = next(iter(documents(fragment.get("tool_calls"))), {})
    call = message.setdefault("tool_calls", {}).setdefault(at, {"id": "", "name": "", "arguments": []})
    inner = document(given.get("function"))
    call["id"] = string(given.get("id")) or call["id"]
    call["name"] = string(inner.get("name")) or call["name"]
    call["arguments"].append(string(inner.get("arguments")))


_ADD: dict[str, Callable[[Document, int, Document], None]] = {
    "content-start": _add_content,
    "content-delta": _add_content,
    "tool-plan-delta": _add_plan,
    "tool-call-start": _add_call,
    "tool-call-delta": _add_call,
}


def _joined(message: Document) -> Document:
    blocks, calls = document(message.get("content")), document(message.get("tool_calls"))
    return {
        "tool_plan": "".join(message.get("tool_plan", [])),
        "content": [
            {key: "".join(value) if isinstance(value, list) else value for key, value in blocks[at].items()}
            for at in sorted(blocks)
        ],
        "tool_calls": [
            {"id": call["id"], "function": {"name": call["name"], "arguments": "".join(call["arguments"])}}
            for _, call in sorted(calls.items())
        ],
    }


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("messages"))):
        recent = recent and item.get("role") != "assistant"
        if item.get("role") == "tool":
            text = _result_text(item.get("content"))
            yield ToolResult(string(item.get("tool_call_id")), "", text, recent=recent)


# Version 1 ------------------------------------------------------------------------------------------------------------


def _old_request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")),
        messages=tuple(_old_messages(body)),
        tools=tuple([_old_tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _old_messages(body: Document) -> Iterator[Message]:
    if words := string(body.get("preamble")):
        yield Message("system", words, path="preamble")
    for at, each in enumerate(documents(body.get("chat_history"))):
        yield _old_message(each, f"chat_history[{at}]")
    if words := string(body.get("message")):
        yield Message("user", words, path="message")
    for at, each in enumerate(documents(body.get("tool_results"))):
        yield _old_result(each, f"tool_results[{at}]")


def _old_message(doc: Document, path: str) -> Message:
    role = string(doc.get("role"))
    results = "".join([_old_result(each, "").text for each in documents(doc.get("tool_results"))])
    return make_message(
        _ROLES.get(role.upper(), role),
        [Part("text", string(doc.get("message")) or string(doc.get("content")) or results)],
        tool_calls=tuple(_old_calls(doc)),
        path=path,
    )


def _old_calls(doc: Document) -> Iterator[ToolCall]:
    for call in documents(doc.get("tool_calls")):
        yield ToolCall("", string(call.get("name")), compact(call.get("parameters")))


def _old_result(doc: Document, path: str) -> Message:
    return Message("tool", compact(doc.get("outputs")), name=string(document(doc.get("call")).get("name")), path=path)


def _old_tool(tool: Document) -> ToolDefinition:
    return ToolDefinition(string(tool.get("name")), string(tool.get("description")), tool.get("parameter_definitions"))


def _old_answer(body: Document) -> LlmAnswer:
    calls = tuple(_old_calls(body))
    said = "text" in body or bool(calls)
    return LlmAnswer(
        messages=(Message("assistant", string(body.get("text")), calls),) if said else (),
        usage=_usage(document(body.get("meta"))),
        finish_reason=string(body.get("finish_reason")),
        error=lenient.error_text(body) or ("" if said else string(body.get("message"))),
    )


def _old_assemble(events: Iterable[Document]) -> Document:
    """The last event carries the whole answer; of a stream that breaks off, the words that came."""
    pieces: list[str] = []
    whole: Document = {}
    for event in events:
        kind = event.get("event_type")
        if kind == "stream-end":
            whole |= {**document(event.get("response")), "finish_reason": event.get("finish_reason")}
        elif kind == "text-generation":
            pieces.append(string(event.get("text")))
        elif kind == "tool-calls-generation":
            whole["tool_calls"] = documents(event.get("tool_calls"))
        elif event.get("message") or event.get("error"):
            whole["error"] = event.get("error") or event.get("message")
    return {"text": "".join(pieces), **whole} if pieces else whole


def _old_results(body: Document) -> Iterator[ToolResult]:
    for each in reversed(documents(body.get("tool_results"))):
        read = _old_result(each, "")
        yield ToolResult("", read.name, read.text)


DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        name="cohere",
        provider="cohere",
        endpoint=re.compile(r"/v2/chat$"),
        fields=("messages",),
        read_request=_request,
        read_answer=_answer,
        assemble=_assemble,
        results=_results,
        result_marks=(b'"tool_call_id"',),
        call_marks=(b'"tool_calls"', b'"tool-call-start"'),
    ),
    Dialect(
        name="cohere.v1",
        provider="cohere",
        endpoint=re.compile(r"/v1/chat$"),
        fields=("message",),
        beside=("model", "chat_history", "preamble", "stream"),
        read_request=_old_request,
        read_answer=_old_answer,
        assemble=_old_assemble,
        results=_old_results,
        result_marks=(b'"tool_results"',),
        call_marks=(b'"tool_calls"',),
    ),
)
