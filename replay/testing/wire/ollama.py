"""Ollama: ``POST /api/chat``, streamed as lines of JSON unless ``stream`` is false (Ollama's API documentation,
"Generate a chat completion")."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Role, Tool, ToolCall, Turn
from replay.testing.wire.format import Wire, compact, must_have, steady
from replay.testing.wire.stamp import Stamp

_ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "model", "messages")
    options = body.get("options") or {}
    functions = [tool["function"] for tool in body.get("tools") or ()]
    wanted = body.get("format")
    return Prompt(
        model=body["model"],
        messages=tuple(_message(message) for message in body["messages"]),
        tools=tuple(Tool(one["name"], one.get("description") or "", one.get("parameters") or {}) for one in functions),
        schema={} if wanted == "json" else wanted or None,
        max_tokens=options.get("num_predict"),
        steady=steady(options),
        stream=body.get("stream", True),
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    return {**_frame(prompt, stamp, turn.text, turn.calls), **_ended(prompt, turn, stamp)}


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    for call in turn.calls:
        yield _line({**_frame(prompt, stamp, "", (call,)), "done": False})
    for piece in tokens.pieces(turn.text, stamp.rng):
        yield _line({**_frame(prompt, stamp, piece), "done": False})
    yield _line({**_frame(prompt, stamp, ""), **_ended(prompt, turn, stamp)})


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": message}


def _message(message: dict[str, Any]) -> Message:
    """A message. A tool's result names its tool; a call's id is newer than that, and not always there."""
    role = _ROLES.get(message.get("role", ""))
    if role is None:
        raise BadRequest(f"invalid role: {message.get('role')!r}")
    calls = tuple(
        ToolCall(call["function"]["name"], call["function"]["arguments"], call.get("id") or call["function"]["name"])
        for call in message.get("tool_calls") or ()
    )
    of = message.get("tool_call_id") or message.get("tool_name") or ""
    return Message(role, message.get("content") or "", calls, of)


def _frame(prompt: Prompt, stamp: Stamp, text: str, calls: tuple[ToolCall, ...] = ()) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "function": {"index": index, "name": call.name, "arguments": call.arguments}}
            for index, call in enumerate(calls)
        ]
    return {"model": prompt.model, "created_at": _time(stamp), "message": message}


def _time(stamp: Stamp) -> str:
    return datetime.fromtimestamp(stamp.created, UTC).isoformat().replace("+00:00", "Z")


def _ended(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    """The last line's own fields. Durations are in ns."""
    read_in, wrote_in = stamp.rng.randint(10**7, 10**8), stamp.rng.randint(10**8, 10**9)
    return {
        "done": True,
        "done_reason": "length" if turn.cut else "stop",
        "total_duration": read_in + wrote_in + 10**6,
        "load_duration": 10**6,
        "prompt_eval_count": tokens.of_prompt(prompt),
        "prompt_eval_duration": read_in,
        "eval_count": tokens.of_turn(turn),
        "eval_duration": wrote_in,
    }


def _line(data: dict[str, Any]) -> bytes:
    return compact(data).encode() + b"\n"


WIRE = Wire("ollama", read, whole, stream, error, "call_", "application/x-ndjson")
