"""Anthropic messages, spoken. Shapes: Anthropic's API reference, "Messages" and "Streaming"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from replay.dialects import anthropic, lenient
from replay.dialects.lenient import Document, document, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, Usage
from replay.dialects.shapes import SHAPES
from replay.dialects.translate.deltas import Begin, CallBegins, CallWords, Delta, Done, Failed, Used, Words
from replay.dialects.translate.voice import Voice, arguments, only_known, unspeakable

MOST_TOKENS = 4096
"""``max_tokens`` of a request that says none: this format must have one."""

_KNOWN = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
    "tool_choice": "tool_choice",
}
_HARMLESS = frozenset(("metadata", "service_tier", "cache_control"))
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def _params(params: Document) -> tuple[Document, list[str]]:
    shared, unknown = only_known(params, _KNOWN, _HARMLESS)
    if user := string(document(params.get("metadata")).get("user_id")):
        shared["user"] = user
    choice = document(shared.pop("tool_choice", None))
    if choice:
        kind = string(choice.get("type"))
        shared["tool_choice"] = {"name": string(choice.get("name"))} if kind == "tool" else _CHOICES.get(kind, "auto")
        if choice.get("disable_parallel_tool_use") is True:
            shared["parallel"] = False
    return shared, unknown


def _request(request: LlmRequest) -> Document:
    params = dict(request.params)
    system = "\n\n".join([message.text for message in request.messages if message.role in ("system", "developer")])
    body: Document = {"model": request.model, "max_tokens": params.pop("max_tokens", MOST_TOKENS)}
    body |= {"system": system} if system else {}
    body["messages"] = _turns(message for message in request.messages if message.role not in ("system", "developer"))
    if request.tools:
        body["tools"] = [SHAPES["anthropic"].tool(tool) for tool in request.tools]
        body |= _choice(params.pop("tool_choice", None), parallel=params.pop("parallel", True))
    for name in ("tool_choice", "parallel"):
        params.pop(name, None)
    if "stop" in params:
        body["stop_sequences"] = params.pop("stop")
    if "user" in params:
        body["metadata"] = {"user_id": params.pop("user")}
    if "temperature" in params:
        params["temperature"] = min(params["temperature"], 1)
    return {**body, **params, **({"stream": True} if request.stream else {})}


def _choice(choice: Any, *, parallel: bool) -> Document:
    if choice is None and parallel:
        return {}
    kinds = {shared: own for own, shared in _CHOICES.items()}
    said = {"type": "tool", **choice} if isinstance(choice, dict) else {"type": kinds.get(choice, "auto")}
    return {"tool_choice": said if parallel else {**said, "disable_parallel_tool_use": True}}


def _turns(messages: Iterator[Message]) -> list[Document]:
    """Neighbours of one role become one message: results of tools are the user's, and roles must take turns."""
    turns: list[Document] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = list(_blocks(message))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message) -> Iterator[Document]:
    if message.role == "tool":
        result: Document = {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.text}
        yield {**result, "is_error": True} if message.error else result
        return
    parts = message.parts or ((Part("text", message.text),) if message.text else ())
    yield from (_part(part) for part in parts if part.kind not in ("thinking", "refusal"))
    yield from (_use(call) for call in message.tool_calls)


def _part(part: Part) -> Document:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    url = string(document(document(part.data).get("image_url")).get("url"))
    if part.kind == "image":
        return document(part.data)
    if part.kind != "image_url" or not url:
        raise unspeakable(f"a message part of type {part.kind}", "Anthropic messages")
    if not url.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": url}}
    kind, _, data = url.removeprefix("data:").partition(";base64,")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}


def _use(call: ToolCall) -> Document:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments(call.arguments)}


_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def _answer(answer: LlmAnswer, id: str) -> Document:
    message = answer.messages[0] if answer.messages else Message("assistant")
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": list(_blocks(Message("assistant", message.text, message.tool_calls))),
        "stop_reason": _REASONS.get(answer.finish_reason, "end_turn"),
        "stop_sequence": None,
        "usage": _usage(answer.usage or Usage()),
    }


def _usage(usage: Usage) -> Document:
    """``input_tokens`` leaves out what was read from and written to the cache."""
    return {
        "input_tokens": usage.input - usage.cached - usage.cache_written,
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    }


def _error(kind: str, message: str) -> Document:
    return {"type": "error", "error": {"type": kind, "message": message}}


class _Hearing:
    def __init__(self) -> None:
        self.calls: dict[int, int] = {}
        self.inputs: dict[int, str] = {}
        self.usage: Document = {}

    def hear(self, event: Document) -> Iterator[Delta]:
        kind, at = string(event.get("type")), lenient.index(event.get("index"), 0)
        if kind == "message_start":
            message = document(event.get("message"))
            self.usage |= document(message.get("usage"))
            yield Begin(string(message.get("id")), string(message.get("model")))
        elif kind == "content_block_start":
            yield from self._block(at, document(event.get("content_block")))
        elif kind == "content_block_delta":
            yield from self._delta(at, document(event.get("delta")))
        elif kind == "content_block_stop" and self.inputs.get(at):
            yield CallWords(self.calls[at], self.inputs.pop(at))
        elif kind == "message_delta":
            yield from self._end(event)
        elif kind == "error":
            error = document(event.get("error"))
            yield Failed(string(error.get("type")), string(error.get("message")))

    def _block(self, at: int, block: Document) -> Iterator[Delta]:
        if block.get("type") == "tool_use":
            self.calls[at] = len(self.calls)
            self.inputs[at] = orjson.dumps(block["input"]).decode() if block.get("input") else "{}"
            yield CallBegins(self.calls[at], string(block.get("id")), string(block.get("name")))
        elif words := string(block.get("text")):
            yield Words(words)

    def _delta(self, at: int, delta: Document) -> Iterator[Delta]:
        if words := string(delta.get("text")):
            yield Words(words)
        if at in self.calls and (words := string(delta.get("partial_json"))):
            self.inputs.pop(at, None)  # what the block began with stands for all of it only when nothing follows
            yield CallWords(self.calls[at], words)

    def _end(self, event: Document) -> Iterator[Delta]:
        newer = document(event.get("usage"))
        self.usage |= {key: value for key, value in newer.items() if value is not None}
        if usage := anthropic.usage(self.usage):
            yield Used(usage)
        if reason := string(document(event.get("delta")).get("stop_reason")):
            yield Done(VOICE.finish.get(reason, "stop"))


class _Telling:
    """Blocks come one after the other here. Where calls are told side by side, the first is told as it comes and the
    others wait for the end. Usage goes with the reason why the answer ended."""

    def __init__(self, asked: Document) -> None:
        self.frame: Document = {}
        self.blocks = 0
        self.open = ""
        self.waiting: dict[str, tuple[Document, list[Document]]] = {}
        self.reason = "end_turn"
        self.usage = Usage()
        self.failed = False

    def tell(self, delta: Delta) -> bytes:
        match delta:
            case Begin(id, model):
                self.frame = {**_answer(LlmAnswer(model), id), "stop_reason": None}
                return _event("message_start", message=self.frame)
            case Words(text):
                said = {"type": "text_delta", "text": text}
                return self._begin("text", {"type": "text", "text": ""}) + self._more("text", said)
            case CallBegins(number, id, name):
                return self._begin(f"call {number}", {"type": "tool_use", "id": id, "name": name, "input": {}})
            case CallWords(number, text):
                return self._more(f"call {number}", {"type": "input_json_delta", "partial_json": text})
            case Done(reason):
                self.reason = _REASONS.get(reason, "end_turn")
                return b""
            case Used(usage):
                self.usage = usage
                return b""
            case Failed(kind, message):
                self.failed = True
                return _event("error", error=_error(kind, message)["error"])

    def finish(self) -> bytes:
        if self.failed or not self.frame:
            return b""
        told = [self._close()]
        for block, deltas in self.waiting.values():
            told += [self._start("waited", block), *map(self._delta, deltas), self._close()]
        delta = {"stop_reason": self.reason, "stop_sequence": None}
        told.append(_event("message_delta", delta=delta, usage=_usage(self.usage)))
        return b"".join(told) + _event("message_stop")

    def _begin(self, name: str, block: Document) -> bytes:
        """Open the block, unless it is open; behind an open call it waits."""
        if name == self.open or name in self.waiting:
            return b""
        if self.open.startswith("call"):
            self.waiting[name] = (block, [])
            return b""
        return self._close() + self._start(name, block)

    def _more(self, name: str, delta: Document) -> bytes:
        if name != self.open:
            self.waiting[name][1].append(delta)
            return b""
        return self._delta(delta)

    def _start(self, name: str, block: Document) -> bytes:
        self.open = name
        return _event("content_block_start", index=self.blocks, content_block=block)

    def _close(self) -> bytes:
        if not self.open:
            return b""
        self.open, self.blocks = "", self.blocks + 1
        return _event("content_block_stop", index=self.blocks - 1)

    def _delta(self, delta: Document) -> bytes:
        return _event("content_block_delta", index=self.blocks, delta=delta)


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), orjson.dumps({"type": kind, **fields}))


def _headers(key: str) -> tuple[tuple[str, str], ...]:
    return (("x-api-key", key), ("anthropic-version", "2023-06-01"))


VOICE = Voice(
    dialect=anthropic.DIALECT,
    params=_params,
    request=_request,
    answer=_answer,
    error=_error,
    finish={own: shared for shared, own in _REASONS.items()} | {"stop_sequence": "stop", "pause_turn": "stop"},
    hearing=_Hearing,
    telling=_Telling,
    path="/v1/messages",
    base="https://api.anthropic.com",
    base_variable="ANTHROPIC_BASE_URL",
    key_variable="ANTHROPIC_API_KEY",
    headers=_headers,
)
