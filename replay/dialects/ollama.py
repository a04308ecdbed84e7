"""Ollama's own format: chat and generate. Shapes: Ollama's API reference. Streams, the default, are lines of JSON.

Arguments of calls are objects; calls have no ids in older versions, and results then name their tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolResult, Usage
from replay.dialects.model import message as make_message
from replay.dialects.places import total

_NOT_PARAMS = frozenset(("model", "messages", "prompt", "system", "tools", "stream"))


def _request(_path: str, body: Document) -> LlmRequest:
    said = [_message(each, f"messages[{at}]") for at, each in enumerate(items(body.get("messages")))]
    return LlmRequest(
        model=string(body.get("model")),
        messages=(*_prompted(body), *said),
        tools=tuple([openai_chat.tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is not False,
    )


def _prompted(body: Document) -> Iterator[Message]:
    for role, key in (("system", "system"), ("user", "prompt")):
        if words := string(body.get(key)):
            yield Message(role, words, path=key)


def _message(item: object, path: str = "") -> Message:
    doc = document(item)
    calls = documents(doc.get("tool_calls"))
    return make_message(
        string(doc.get("role")) or "assistant",
        _parts(doc),
        tool_calls=tuple([_call(call) for call in calls]),
        tool_call_id=string(doc.get("tool_call_id")),
        name=string(doc.get("tool_name")),
        path=path,
    )


def _parts(doc: Document) -> Iterator[Part]:
    yield Part("thinking", string(doc.get("thinking")))
    yield Part("text", string(doc.get("content")))
    images = doc.get("images")
    for image in images if isinstance(images, list) else []:
        yield Part("image", f"{len(string(image))} characters of base64", image)


def _call(call: Document) -> ToolCall:
    inner = document(call.get("function"))
    return ToolCall(string(call.get("id")), string(inner.get("name")), compact(inner.get("arguments")))


def _answer(body: Document) -> LlmAnswer:
    said = body.get("message")
    if "response" in body:
        said = {"content": body["response"], "thinking": body.get("thinking")}
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(_message(said),) if isinstance(said, dict) else (),
        usage=_usage(body),
        finish_reason=string(body.get("done_reason")) or ("stop" if body.get("done") is True else ""),
        error=lenient.error_text(body),
    )


def _usage(body: Document) -> Usage | None:
    """A prompt that is in the cache is left out of ``prompt_eval_count``, or that field is left out."""
    before, after = total(body, ("prompt_eval_count",)), total(body, ("eval_count",))
    return None if before is None and after is None else Usage(before or 0, after or 0)


_JOINED = ("content", "thinking")


def _assemble(objects: Iterable[Document]) -> Document:
    whole: Document = {}
    message: Document = {}
    pieces: dict[str, list[str]] = {}
    for each in objects:
        whole |= each
        said = document(each.get("message"))
        message |= {key: value for key, value in said.items() if key not in (*_JOINED, "tool_calls")}
        message.setdefault("tool_calls", []).extend(documents(said.get("tool_calls")))
        for key, value in (("content", said.get("content")), ("thinking", said.get("thinking")), *_generated(each)):
            pieces.setdefault(key, []).append(string(value))
    joined = {key: "".join(words) for key, words in pieces.items()}
    if "response" in whole:
        return {**whole, "response": joined["response"], "thinking": joined["thinking"]}
    return {**whole, "message": {**message, **joined}} if "message" in whole else whole


def _generated(doc: Document) -> Iterator[tuple[str, object]]:
    if "response" in doc:
        yield "response", doc["response"]
        yield "thinking", doc.get("thinking")


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for item in reversed(documents(body.get("messages"))):
        recent = recent and item.get("role") != "assistant"
        if item.get("role") == "tool":
            name = string(item.get("tool_name")) or string(item.get("name"))
            yield ToolResult(string(item.get("tool_call_id")), name, string(item.get("content")), recent=recent)


def _dialect(name: str, endpoint: str, fields: tuple[str, ...]) -> Dialect:
    return Dialect(
        name=name,
        provider="ollama",
        endpoint=re.compile(endpoint),
        fields=fields,
        beside=("model",),
        read_request=_request,
        read_answer=_answer,
        assemble=_assemble,
        results=_results,
        result_marks=(b'"tool"',),
        call_marks=(b'"tool_calls"',),
    )


DIALECTS: tuple[Dialect, ...] = (
    _dialect("ollama.chat", r"/api/chat$", ("messages",)),
    _dialect("ollama.generate", r"/api/generate$", ("prompt", "model")),
)
