"""OpenAI chat completions, spoken. Shapes: OpenAI's API reference, "Chat"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from replay.dialects import lenient, openai_chat
from replay.dialects.lenient import Document, document, documents, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, Usage
from replay.dialects.shapes import SHAPES
from replay.dialects.translate.deltas import Begin, CallBegins, CallWords, Delta, Done, Failed, Used, Words
from replay.dialects.translate.voice import Voice, only_known, unspeakable

_KNOWN = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "tool_choice": "tool_choice",
    "parallel_tool_calls": "parallel",
    "user": "user",
}
_HARMLESS = frozenset(
    ("seed", "n", "stream_options", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier")
)


def _params(params: Document) -> tuple[Document, list[str]]:
    shared, unknown = only_known(params, _KNOWN, _HARMLESS)
    if isinstance(shared.get("stop"), str):
        shared["stop"] = [shared["stop"]]
    if isinstance(shared.get("tool_choice"), dict):
        shared["tool_choice"] = {"name": string(document(shared["tool_choice"].get("function")).get("name"))}
    unknown += ["n"] if params.get("n") not in (None, 1) else []
    return shared, unknown


_NAMES = {"max_tokens": "max_completion_tokens", "parallel": "parallel_tool_calls"}


def _request(request: LlmRequest) -> Document:
    body: Document = {"model": request.model, "messages": [_message(message) for message in request.messages]}
    if request.tools:
        body["tools"] = [SHAPES["openai.chat"].tool(tool) for tool in request.tools]
    body |= {_NAMES.get(name, name): value for name, value in request.params.items()}
    if isinstance(body.get("tool_choice"), dict):
        body["tool_choice"] = {"type": "function", "function": body["tool_choice"]}
    return {**body, "stream": True, "stream_options": {"include_usage": True}} if request.stream else body


def _message(message: Message) -> Document:
    said: Document = {"role": message.role, "content": _content(message)}
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.role == "tool":
        said["tool_call_id"] = message.tool_call_id
    return said


def _content(message: Message) -> Any:
    media = [part for part in message.parts if part.kind not in ("text", "thinking")]
    if not media or message.role == "assistant":
        return message.text or (None if message.tool_calls else "")
    return [_part(part) for part in message.parts if part.kind != "thinking"]


def _part(part: Part) -> Document:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.kind == "image_url":
        return document(part.data)
    source = document(document(part.data).get("source"))
    if part.kind != "image" or source.get("type") not in ("base64", "url"):
        raise unspeakable(f"a message part of type {part.kind}", "OpenAI chat")
    inline = f"data:{source.get('media_type')};base64,{source.get('data')}"
    return {"type": "image_url", "image_url": {"url": source.get("url") or inline}}


def _call(call: ToolCall) -> Document:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _answer(answer: LlmAnswer, id: str) -> Document:
    message = answer.messages[0] if answer.messages else Message("assistant")
    said: Document = {"role": "assistant", "content": message.text or None, "refusal": None}
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    return {
        "id": id,
        "object": "chat.completion",
        "created": 0,
        "model": answer.model,
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": answer.finish_reason or "stop"}],
        "usage": _usage(answer.usage or Usage()),
    }


def _usage(usage: Usage) -> Document:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _error(kind: str, message: str) -> Document:
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


class _Hearing:
    """``chat.completion.chunk`` objects. Only the first choice is heard: a translated request asks for one."""

    def __init__(self) -> None:
        self.begun = False
        self.calls: dict[int, int] = {}

    def hear(self, event: Document) -> Iterator[Delta]:
        if event.get("error"):
            error = document(event["error"])
            yield Failed(string(error.get("type")) or "api_error", string(error.get("message")))
            return
        if not self.begun:
            self.begun = True
            yield Begin(string(event.get("id")), string(event.get("model")))
        for choice in documents(event.get("choices"))[:1]:
            yield from self._choice(choice)
        if usage := openai_chat.usage(event.get("usage")):
            yield Used(usage)

    def _choice(self, choice: Document) -> Iterator[Delta]:
        delta = document(choice.get("delta"))
        if words := string(delta.get("content")):
            yield Words(words)
        for fragment in documents(delta.get("tool_calls")):
            at, function = lenient.index(fragment.get("index"), 0), document(fragment.get("function"))
            if at not in self.calls:
                self.calls[at] = len(self.calls)
                yield CallBegins(self.calls[at], string(fragment.get("id")), string(function.get("name")))
            if words := string(function.get("arguments")):
                yield CallWords(self.calls[at], words)
        if reason := string(choice.get("finish_reason")):
            yield Done(VOICE.finish.get(reason, reason))


class _Telling:
    """Usage comes in a chunk of its own at the end, if the program asked for it (``stream_options``)."""

    def __init__(self, asked: Document) -> None:
        self.tells_usage = document(asked.get("stream_options")).get("include_usage") is True
        self.frame: Document = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
        self.usage = Usage()
        self.failed = False

    def tell(self, delta: Delta) -> bytes:
        match delta:
            case Begin(id, model):
                self.frame |= {"id": id, "model": model}
                return self._chunk({"role": "assistant", "content": ""})
            case Words(text):
                return self._chunk({"content": text})
            case CallBegins(number, id, name):
                function = {"name": name, "arguments": ""}
                call = {"index": number, "id": id, "type": "function", "function": function}
                return self._chunk({"tool_calls": [call]})
            case CallWords(number, text):
                return self._chunk({"tool_calls": [{"index": number, "function": {"arguments": text}}]})
            case Done(reason):
                return self._chunk({}, reason)
            case Used(usage):
                self.usage = usage
                return b""
            case Failed(kind, message):
                self.failed = True
                return _data(_error(kind, message))

    def finish(self) -> bytes:
        if self.failed:
            return b""
        usage = _data({**self.frame, "choices": [], "usage": _usage(self.usage)}) if self.tells_usage else b""
        return usage + b"data: [DONE]\n\n"

    def _chunk(self, delta: Document, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _data({**self.frame, "choices": [choice]})


def _data(value: Document) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


VOICE = Voice(
    dialect=openai_chat.DIALECT,
    params=_params,
    request=_request,
    answer=_answer,
    error=_error,
    finish={"function_call": "tool_calls"},
    hearing=_Hearing,
    telling=_Telling,
    path="/chat/completions",
    base="https://api.openai.com/v1",
    base_variable="OPENAI_BASE_URL",
    key_variable="OPENAI_API_KEY",
    headers=lambda key: (("authorization", f"Bearer {key}"),),
)
