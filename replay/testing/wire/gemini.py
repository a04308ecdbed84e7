"""Gemini: ``POST /v1beta/models/{model}:generateContent`` and ``:streamGenerateContent?alt=sse``; google-genai 3 says
``/v1`` (Gemini API reference, "Generating content")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Role, Tool, ToolCall, Turn
from replay.testing.wire.format import Wire, compact, must_have, sse, steady
from replay.testing.wire.stamp import Stamp

_PATH = re.compile(r"/models/(?P<model>[^/:]+):(?P<verb>\w+)$")
_ERRORS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "contents")
    called = _PATH.search(path)
    if called is None:
        raise BadRequest(f"No model in the path {path}.")
    config = _field(body, "generationConfig") or {}
    tools, must_call = _offered(body)
    told = _field(body, "systemInstruction")
    system = [Message("system", _text(told["parts"]))] if told else []
    return Prompt(
        model=called["model"],
        messages=(*system, *(part for content in body["contents"] for part in _messages(content))),
        tools=tools,
        schema=_schema(config),
        must_call=must_call,
        max_tokens=_field(config, "maxOutputTokens"),
        steady=steady(config),
        stream=called["verb"] == "streamGenerateContent",
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"functionCall": _call(call)} for call in turn.calls]
    return _answer(prompt, parts or [{"text": turn.text}], _frame(prompt, stamp), _ended(prompt, turn))


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    frame = _frame(prompt, stamp)
    parts: list[dict[str, Any]] = [{"functionCall": _call(call)} for call in turn.calls]
    parts = parts or [{"text": piece} for piece in tokens.pieces(turn.text, stamp.rng)] or [{"text": ""}]
    for part in parts[:-1]:
        yield sse(_answer(prompt, [part], frame, {}), newline="\r\n")
    yield sse(_answer(prompt, parts[-1:], frame, _ended(prompt, turn)), newline="\r\n")


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": _ERRORS.get(status, "INTERNAL")}}


def _offered(body: dict[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    declared = [function for tool in body.get("tools") or () for function in _field(tool, "functionDeclarations") or ()]
    tools = tuple(
        Tool(
            function["name"],
            function.get("description") or "",
            _field(function, "parametersJsonSchema") or function.get("parameters") or {},
        )
        for function in declared
    )
    config = _field(_field(body, "toolConfig") or {}, "functionCallingConfig") or {}
    allowed = _field(config, "allowedFunctionNames")
    tools = tuple(tool for tool in tools if not allowed or tool.name in allowed)
    return (() if config.get("mode") == "NONE" else tools), config.get("mode") == "ANY"


def _messages(content: dict[str, Any]) -> Iterator[Message]:
    """One content as messages. Calls without an id are told apart by their name, as the API does."""
    parts = content.get("parts") or ()
    for part in parts:
        if result := _field(part, "functionResponse"):
            yield Message("tool", compact(_unwrapped(result["response"])), call_id=result.get("id") or result["name"])
    calls = tuple(
        ToolCall(call["name"], call.get("args") or {}, call.get("id") or call["name"])
        for part in parts
        if (call := _field(part, "functionCall"))
    )
    role: Role = "assistant" if content.get("role") == "model" else "user"
    if _text(parts) or calls:
        yield Message(role, _text(parts), calls)


def _field(data: dict[str, Any], name: str) -> Any:
    """A field by its camel-case name, or by its snake-case one: protobuf's JSON takes both, and the SDK sends both."""
    return data.get(name) or data.get(re.sub(r"(?=[A-Z])", "_", name).lower())


def _unwrapped(response: Any) -> Any:
    """The SDK puts a plain value under ``result``; an object is sent as it is."""
    if isinstance(response, dict) and list(response) == ["result"]:
        return response["result"]
    return response


def _text(parts: Any) -> str:
    return "\n".join(part["text"] for part in parts if part.get("text"))


def _schema(config: dict[str, Any]) -> dict[str, Any] | None:
    if _field(config, "responseMimeType") != "application/json":
        return None
    schema: dict[str, Any] = _field(config, "responseJsonSchema") or _field(config, "responseSchema") or {}
    return schema


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "args": call.arguments}


def _frame(prompt: Prompt, stamp: Stamp) -> dict[str, Any]:
    return {"modelVersion": prompt.model, "responseId": stamp.id("", 22)}


def _answer(
    prompt: Prompt, parts: list[dict[str, Any]], frame: dict[str, Any], ended: dict[str, Any]
) -> dict[str, Any]:
    sent = tokens.of_prompt(prompt)
    usage = ended.get("usage") or {"promptTokenCount": sent, "totalTokenCount": sent}
    finish = {"finishReason": ended["reason"]} if ended else {}
    candidate = {"content": {"role": "model", "parts": parts}, **finish, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, **frame}


def _ended(prompt: Prompt, turn: Turn) -> dict[str, Any]:
    sent, made = tokens.of_prompt(prompt), tokens.of_turn(turn)
    usage = {"promptTokenCount": sent, "candidatesTokenCount": made, "totalTokenCount": sent + made}
    return {"reason": "MAX_TOKENS" if turn.cut else "STOP", "usage": usage}


WIRE = Wire("gemini", read, whole, stream, error, "")
