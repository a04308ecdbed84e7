"""Google Gemini: ``generateContent`` and ``streamGenerateContent``, at the Gemini API and Vertex AI.

Shapes: Google's API reference, "Generating content". Its API reads camelCase and snake_case alike, so do we. Streams
come as server-sent events (``?alt=sse``) or as one JSON array. Calls have an id only in newer versions; else they match
by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, compact, count, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolDefinition, ToolResult, Usage
from replay.dialects.model import message as make_message

_NOT_PARAMS = frozenset(("model", "contents", "systemInstruction", "system_instruction", "tools"))
_ROLES = {"model": "assistant", "": "user", "function": "tool"}


@lru_cache(maxsize=64)
def _snake(camel: str) -> str:
    return re.sub("([A-Z])", lambda found: "_" + found[1].lower(), camel)


def _get(doc: Document, camel: str) -> Any:
    """A field of ``doc`` by its camelCase or its snake_case name."""
    return doc[camel] if camel in doc else doc.get(_snake(camel))


def _request(path: str, body: Document) -> LlmRequest:
    messages: list[Message] = []
    if instruction := _get(body, "systemInstruction"):
        messages.append(make_message("system", _parts(_content_parts(instruction)), path="systemInstruction"))
    for at, content in enumerate(items(body.get("contents"))):
        messages += _messages(content, f"contents[{at}]")
    return LlmRequest(
        model=path.rpartition("/")[2].rpartition(":")[0] or string(body.get("model")),
        messages=tuple(messages),
        tools=tuple([tool for group in documents(body.get("tools")) for tool in _tools(group)]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=path.endswith(":streamGenerateContent"),
    )


def _tools(group: Document) -> Iterator[ToolDefinition]:
    for function in documents(_get(group, "functionDeclarations")):
        schema = _get(function, "parametersJsonSchema") or function.get("parameters")
        yield ToolDefinition(string(function.get("name")), string(function.get("description")), schema)
    for name in group:
        if name not in ("functionDeclarations", "function_declarations"):
            yield ToolDefinition(name, parameters=group[name], kind="built-in")


def _content_parts(content: Any) -> list[Any]:
    """The parts of a content object; text alone stands for one part."""
    return [content] if isinstance(content, str) else items(document(content).get("parts"))


def _messages(content: Any, path: str) -> Iterator[Message]:
    parts = _content_parts(content)
    others: list[Any] = []
    for at, part in enumerate(parts):
        if response := document(_get(document(part), "functionResponse")):
            yield _tool_message(response, f"{path}.parts[{at}]")
        else:
            others.append(part)
    if others or not parts:
        yield _message(string(document(content).get("role")), others, path)


def _tool_message(response: Document, path: str) -> Message:
    return Message(
        "tool",
        compact(response.get("response")),
        tool_call_id=string(response.get("id")),
        name=string(response.get("name")),
        error="error" in document(response.get("response")),
        path=path,
    )


def _message(role: str, parts: list[Any], path: str = "") -> Message:
    calls = [_get(part, "functionCall") for part in documents(parts)]
    return make_message(
        _ROLES.get(role, role),
        _parts(parts),
        tool_calls=tuple([_call(call) for call in calls if isinstance(call, dict)]),
        path=path,
    )


def _call(call: Document) -> ToolCall:
    args = call.get("args")
    return ToolCall(string(call.get("id")), string(call.get("name")), compact({} if args is None else args))


def _parts(parts: list[Any]) -> Iterator[Part]:
    for part in parts:
        doc = document(part)
        if isinstance(part, str) or isinstance(doc.get("text"), str):
            yield Part("thinking" if doc.get("thought") is True else "text", string(doc.get("text", part)))
        elif not isinstance(_get(doc, "functionCall"), dict):
            yield from _other(doc)


def _other(doc: Document) -> Iterator[Part]:
    """Media, code and whatever comes next: named after the part's only telling field."""
    kind = next((name for name, value in doc.items() if isinstance(value, dict)), "")
    if kind:
        inner = doc[kind]
        yield Part(kind, string(_get(inner, "fileUri") or _get(inner, "mimeType") or inner.get("code"))[:200], doc)


def _answer(body: Document) -> LlmAnswer:
    candidates = documents(body.get("candidates"))
    blocked = string(_get(document(_get(body, "promptFeedback")), "blockReason"))
    return LlmAnswer(
        model=string(_get(body, "modelVersion")),
        messages=tuple([_message("model", _content_parts(choice.get("content"))) for choice in candidates]),
        usage=_usage(_get(body, "usageMetadata")),
        finish_reason=_reason(_get(candidates[0], "finishReason")) if candidates else blocked,
        error=lenient.error_text(body),
    )


_REASONS = ("STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
"""The values of ``FinishReason`` from 1 on: Google's own REST clients may ask for numbers instead of names."""


def _reason(value: Any) -> str:
    is_number = isinstance(value, int) and 1 <= value <= len(_REASONS)
    return _REASONS[value - 1] if is_number else string(value) or compact(value)


def _usage(value: Any) -> Usage | None:
    """Thoughts are counted beside the candidates' tokens, tool-use prompts beside the prompt's: added here."""
    doc = document(value)
    if not doc:
        return None
    thoughts = count(_get(doc, "thoughtsTokenCount"))
    return Usage(
        input=count(_get(doc, "promptTokenCount")) + count(_get(doc, "toolUsePromptTokenCount")),
        output=count(_get(doc, "candidatesTokenCount")) + thoughts,
        cached=count(_get(doc, "cachedContentTokenCount")),
        reasoning=thoughts,
    )


def _assemble(chunks: Iterable[Document]) -> Document:
    """Each chunk is an answer of its own: parts follow each other, other fields are replaced by the latest."""
    whole: Document = {}
    candidates: dict[int, Document] = {}
    for chunk in chunks:
        whole |= {key: value for key, value in chunk.items() if key != "candidates"}
        for candidate in documents(chunk.get("candidates")):
            target = candidates.setdefault(lenient.index(candidate.get("index"), 0), {"content": {"parts": []}})
            target["content"]["parts"] += _content_parts(candidate.get("content"))
            target |= {key: value for key, value in candidate.items() if key != "content"}
    return {**whole, "candidates": [candidates[at] for at in sorted(candidates)]}


def _results(body: Document) -> Iterator[ToolResult]:
    recent = True
    for content in reversed(documents(body.get("contents"))):
        recent = recent and content.get("role") != "model"
        for part in reversed(documents(content.get("parts"))):
            if response := document(_get(part, "functionResponse")):
                read = _tool_message(response, "")
                yield ToolResult(read.tool_call_id, read.name, read.text, read.error, recent)


DIALECT = Dialect(
    name="gemini",
    provider="google",
    endpoint=re.compile(r":(?:generateContent|streamGenerateContent)$"),
    fields=("contents",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"functionResponse"', b'"function_response"'),
    call_marks=(b'"functionCall"', b'"function_call"'),
)
