"""OpenAI chat completions, as OpenAI, Azure and most other providers and local servers speak it.

Shapes: OpenAI's API reference, "Chat" (`chat.completion`, `chat.completion.chunk`); also the older ``functions`` and
``function_call``, and the ``reasoning`` and ``reasoning_content`` fields that other providers add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect, model_in
from replay.dialects.lenient import Document, compact, count, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolDefinition, ToolResult, Usage
from replay.dialects.model import message as make_message
from replay.dialects.places import total

_NOT_PARAMS = frozenset(("model", "messages", "tools", "functions", "stream"))
_TOOL_ROLES = ("tool", "function")
_JOINED = ("content", "refusal", "reasoning_content", "reasoning")


def _request(path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")) or string(body.get("model_id")) or model_in(path),
        messages=tuple([message(item, path=f"messages[{at}]") for at, item in enumerate(items(body.get("messages")))]),
        tools=tuple([tool(each) for each in documents(body.get("tools")) + documents(body.get("functions"))]),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def tool(given: Document) -> ToolDefinition:
    """A tool's definition, as others who speak like OpenAI write it too."""
    kind = string(given.get("type")) or "function"
    inner = document(given.get(kind)) or given
    name = string(inner.get("name")) or kind
    return ToolDefinition(name, string(inner.get("description")), inner.get("parameters"), kind)


def message(item: Any, path: str = "") -> Message:
    """A message of a request or an answer."""
    doc = document(item)
    role = string(doc.get("role"))
    return make_message(
        "tool" if role == "function" else role,
        [*_thinking(doc), *content(doc.get("content")), *_refusal(doc), *_media(doc)],
        tool_calls=tuple(_calls(doc)),
        tool_call_id=string(doc.get("tool_call_id")),
        name=string(doc.get("name")),
        path=path,
    )


def content(given: Any) -> Iterator[Part]:
    """The content of a message: text, or a list of parts."""
    if isinstance(given, str):
        yield Part("text", given)
    for item in items(given):
        doc = document(item)
        kind = string(doc.get("type")) or "unknown"
        if isinstance(item, str) or kind == "text":
            yield Part("text", item if isinstance(item, str) else string(doc.get("text")))
        elif kind == "thinking":
            yield from (Part("thinking", part.text) for part in content(_flat(doc.get("thinking"))))
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


def _media(doc: Document) -> Iterator[Part]:
    """Sound that the model made, with its words; pictures, as OpenRouter hands them on."""
    if audio := document(doc.get("audio")):
        yield Part("audio", string(audio.get("transcript")), audio)
    for image in documents(doc.get("images")):
        yield Part("image", _describe(image.get("image_url")), image)


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
        messages=tuple([message({"role": "assistant", **document(choice.get("message"))}) for choice in choices]),
        usage=usage(body.get("usage") or document(body.get("x_groq")).get("usage")),
        finish_reason=string(choices[0].get("finish_reason")) if choices else "",
        error=lenient.error_text(body),
    )


_CACHED = ("prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")
_REASONING = ("completion_tokens_details.reasoning_tokens", "reasoning_tokens")


def usage(value: Any) -> Usage | None:
    """``prompt_tokens`` includes cached tokens, ``completion_tokens`` reasoning ones; the latter not at xAI, where only
    the total does. Embeddings of some servers have a total alone.
    """
    doc = document(value)
    if not doc:
        return None
    prompt, output = count(doc.get("prompt_tokens")), count(doc.get("completion_tokens"))
    reasoning, both = total(doc, _REASONING) or 0, count(doc.get("total_tokens"))
    if both and both == prompt + output + reasoning:
        output += reasoning
    return Usage(
        input=prompt or max(0, both - output),
        output=output,
        cached=total(doc, _CACHED) or 0,
        reasoning=reasoning,
        cache_written=total(doc, ("prompt_tokens_details.cache_write_tokens",)) or 0,
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
    if audio := document(delta.get("audio")):
        message.setdefault("audio", []).append(audio)
    message.setdefault("images", []).extend(documents(delta.get("images")))
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
    if "audio" in message:
        message["audio"] = {"transcript": "".join([string(each.get("transcript")) for each in message["audio"]])}
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
            text = "".join([part.text for part in content(item.get("content"))])
            yield ToolResult(string(item.get("tool_call_id")), string(item.get("name")), text, recent=recent)


_ENDPOINT = (
    r"/(?:chat|agents)/completions$"
    r"|/ml/v1[^/]*/text/chat(?:_stream)?$|/ml/v1[^/]*/deployments/[^/]+/text/chat(?:_stream)?$"  # watsonx.ai
    r"|/cortex/inference:complete$"  # Snowflake
    r"|/invocations$"  # Databricks, SageMaker
    r"|^api\.writer\.com(?::\d+)?/v1/chat$"
)
"""Where this format is spoken. The last paths are others' too: there, the body tells."""

DIALECT = Dialect(
    name="openai.chat",
    provider="openai",
    endpoint=re.compile(_ENDPOINT),
    fields=("messages",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"tool_call_id"', b'"function"'),
    call_marks=(b'"tool_calls"', b'"function_call"'),
)
