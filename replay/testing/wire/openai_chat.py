"""OpenAI chat completions: ``POST /v1/chat/completions`` (OpenAI API reference, "Chat")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Role, Tool, ToolCall, Turn
from replay.testing.wire.format import Wire, compact, must_have, object_of, sse, steady, text_of
from replay.testing.wire.stamp import Stamp

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "model", "messages")
    if body.get("n", 1) != 1:
        raise BadRequest("This server gives one choice: 'n' must be 1.")
    tools, must_call = _offered(body)
    return Prompt(
        model=body["model"],
        messages=tuple(message_of(message) for message in body["messages"]),
        tools=tools,
        schema=schema_of(body.get("response_format") or {}),
        must_call=must_call,
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        steady=steady(body),
        stream=bool(body.get("stream")),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None, "refusal": None, "annotations": []}
    if turn.calls:
        message["tool_calls"] = [_call(call) for call in turn.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(turn)}
    return {**_frame(prompt, stamp, "chat.completion"), "choices": [choice], "usage": _usage(prompt, turn)}


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    frame = _frame(prompt, stamp, "chat.completion.chunk")
    if prompt.include_usage:
        frame["usage"] = None
    for delta in _deltas(turn, stamp):
        yield sse({**frame, "choices": [_choice(delta, None)]})
    yield sse({**frame, "choices": [_choice({}, _finish(turn))]})
    if prompt.include_usage:
        yield sse({**frame, "choices": [], "usage": _usage(prompt, turn)})
    yield sse("[DONE]")


def error(status: int, message: str) -> dict[str, Any]:
    kind = {429: "rate_limit_error", 400: "invalid_request_error"}.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def schema_of(wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that ``response_format`` or ``text.format`` asks for; ``{}`` means any object."""
    if wanted.get("type") == "json_schema":
        schema: dict[str, Any] = (wanted.get("json_schema") or wanted).get("schema") or {}
        return schema
    return {} if wanted.get("type") == "json_object" else None


def _offered(body: dict[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    tools = tuple(_tool(tool["function"]) for tool in body.get("tools") or () if tool.get("type") == "function")
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        return tuple(tool for tool in tools if tool.name == choice["function"]["name"]), True
    return (() if choice == "none" else tools), choice == "required"


def _tool(function: dict[str, Any]) -> Tool:
    return Tool(function["name"], function.get("description") or "", function.get("parameters") or {})


def message_of(message: dict[str, Any]) -> Message:
    """A chat message; raises :class:`BadRequest` for a role that is none."""
    role = _ROLES.get(message.get("role", ""))
    if role is None:
        raise BadRequest(f"Invalid value: {message.get('role')!r} for 'role'.")
    calls = tuple(
        ToolCall(call["function"]["name"], object_of(call["function"]["arguments"]), call["id"])
        for call in message.get("tool_calls") or ()
    )
    return Message(role, text_of(message.get("content")), calls, message.get("tool_call_id", ""))


def _frame(prompt: Prompt, stamp: Stamp, kind: str) -> dict[str, Any]:
    return {
        "id": stamp.id("chatcmpl-", 29),
        "object": kind,
        "created": stamp.created,
        "model": prompt.model,
        "service_tier": "default",
        "system_fingerprint": "fp_replay",
    }


def _choice(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _deltas(turn: Turn, stamp: Stamp) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if turn.calls else "", "refusal": None}
    for piece in tokens.pieces(turn.text, stamp.rng):
        yield {"content": piece}
    for index, call in enumerate(turn.calls):
        named = _call(call)
        named["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index, **named}]}
        for piece in tokens.pieces(compact(call.arguments), stamp.rng):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": compact(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _finish(turn: Turn) -> str:
    return "tool_calls" if turn.calls else "length" if turn.cut else "stop"


def _usage(prompt: Prompt, turn: Turn) -> dict[str, Any]:
    sent, made = tokens.of_prompt(prompt), tokens.of_turn(turn)
    return {
        "prompt_tokens": sent,
        "completion_tokens": made,
        "total_tokens": sent + made,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


WIRE = Wire("openai chat", read, whole, stream, error, "call_")
