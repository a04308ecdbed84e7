"""Anthropic messages: ``POST /v1/messages`` (Anthropic API reference, "Messages" and "Streaming messages")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Tool, ToolCall, Turn
from replay.testing.wire.format import Wire, compact, must_have, sse, steady, text_of
from replay.testing.wire.stamp import Stamp


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "model", "messages", "max_tokens")
    tools, must_call = _offered(body)
    system = (Message("system", text_of(body["system"])),) if body.get("system") else ()
    return Prompt(
        model=body["model"],
        messages=system + tuple(part for message in body["messages"] for part in _messages(message)),
        tools=tools,
        must_call=must_call,
        max_tokens=body["max_tokens"],
        steady=steady(body),
        stream=bool(body.get("stream")),
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    done = {"content": _blocks(turn), "stop_reason": _reason(turn), "usage": _usage(prompt, tokens.of_turn(turn))}
    return {**_frame(prompt, stamp), **done}


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    for data in _events(prompt, turn, stamp):
        yield sse(data, event=data["type"])


def error(status: int, message: str) -> dict[str, Any]:
    kinds = {400: "invalid_request_error", 404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}
    return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": message}}


def _events(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": _frame(prompt, stamp)}
    for index, block in enumerate(_blocks(turn)):
        empty: dict[str, Any] = {"text": ""} if block["type"] == "text" else {"input": {}}
        yield {"type": "content_block_start", "index": index, "content_block": {**block, **empty}}
        if index == 0:
            yield {"type": "ping"}
        for delta in _deltas(block, stamp):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": _reason(turn), "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": tokens.of_turn(turn)}}
    yield {"type": "message_stop"}


def _deltas(block: dict[str, Any], stamp: Stamp) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in tokens.pieces(block["text"], stamp.rng):
            yield {"type": "text_delta", "text": piece}
        return
    for piece in ["", *tokens.pieces(compact(block["input"]), stamp.rng)]:
        yield {"type": "input_json_delta", "partial_json": piece}


def _offered(body: dict[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    tools = tuple(
        Tool(tool["name"], tool.get("description") or "", tool["input_schema"])
        for tool in body.get("tools") or ()
        if "input_schema" in tool
    )
    choice = body.get("tool_choice") or {"type": "auto"}
    if choice["type"] == "tool":
        return tuple(tool for tool in tools if tool.name == choice["name"]), True
    return (() if choice["type"] == "none" else tools), choice["type"] == "any"


def _messages(message: dict[str, Any]) -> Iterator[Message]:
    """One message of theirs as ours: results of tools, which they put into a user message, come first."""
    if message.get("role") not in ("user", "assistant"):
        raise BadRequest(f"messages: role must be user or assistant, not {message.get('role')!r}")
    content = message["content"]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in blocks:
        if block["type"] == "tool_result":
            yield Message("tool", text_of(block.get("content", "")), call_id=block["tool_use_id"])
    text = text_of([block for block in blocks if block["type"] == "text"])
    calls = tuple(
        ToolCall(block["name"], block["input"], block["id"]) for block in blocks if block["type"] == "tool_use"
    )
    if text or calls:
        yield Message(message["role"], text, calls)


def _frame(prompt: Prompt, stamp: Stamp) -> dict[str, Any]:
    return {
        "id": stamp.id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": prompt.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(prompt, 1),
    }


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    text = [{"type": "text", "text": turn.text}] if turn.text else []
    calls = [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in turn.calls]
    return [*text, *calls]


def _reason(turn: Turn) -> str:
    return "tool_use" if turn.calls else "max_tokens" if turn.cut else "end_turn"


def _usage(prompt: Prompt, made: int) -> dict[str, Any]:
    cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": tokens.of_prompt(prompt), **cache, "output_tokens": made, "service_tier": "standard"}


WIRE = Wire("anthropic messages", read, whole, stream, error, "toolu_")
