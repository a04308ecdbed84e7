"""OpenAI responses: ``POST /v1/responses`` (OpenAI API reference, "Responses" and its "Streaming events")."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Tool, ToolCall, Turn
from replay.testing.wire import openai_chat
from replay.testing.wire.format import Wire, compact, must_have, object_of, sse, steady, text_of
from replay.testing.wire.stamp import Stamp


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "model", "input")
    if body.get("previous_response_id"):
        raise BadRequest("This server keeps no conversations: send the whole input, without previous_response_id.")
    tools, must_call = _offered(body)
    system = (Message("system", body["instructions"]),) if body.get("instructions") else ()
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    return Prompt(
        model=body["model"],
        messages=system + tuple(message for item in items if (message := _message(item))),
        tools=tools,
        schema=openai_chat.schema_of((body.get("text") or {}).get("format") or {}),
        must_call=must_call,
        max_tokens=body.get("max_output_tokens"),
        steady=steady(body),
        stream=bool(body.get("stream")),
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    frame = _frame(prompt, stamp)
    return _finished(frame, _items(turn, stamp), prompt, turn)


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    for number, (kind, data) in zip(count(), _events(prompt, turn, stamp), strict=False):
        yield sse({"type": kind, "sequence_number": number, **data}, event=kind)


def _events(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[tuple[str, dict[str, Any]]]:
    frame, items = _frame(prompt, stamp), _items(turn, stamp)
    yield "response.created", {"response": frame}
    yield "response.in_progress", {"response": frame}
    for index, item in enumerate(items):
        empty: dict[str, Any] = {"content": []} if "content" in item else {"arguments": ""}
        begin = {**item, "status": "in_progress", **empty}
        yield "response.output_item.added", {"output_index": index, "item": begin}
        yield from (_text_events if "content" in item else _call_events)(index, item, stamp)
        yield "response.output_item.done", {"output_index": index, "item": item}
    done = _finished(frame, items, prompt, turn)
    yield f"response.{done['status']}", {"response": done}


def _text_events(index: int, item: dict[str, Any], stamp: Stamp) -> Iterator[tuple[str, dict[str, Any]]]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    (part,) = item["content"]
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}
    for piece in tokens.pieces(part["text"], stamp.rng):
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**place, "part": part}


def _call_events(index: int, item: dict[str, Any], stamp: Stamp) -> Iterator[tuple[str, dict[str, Any]]]:
    place = {"item_id": item["id"], "output_index": index}
    for piece in tokens.pieces(item["arguments"], stamp.rng):
        yield "response.function_call_arguments.delta", {**place, "delta": piece}
    done = {"arguments": item["arguments"], "name": item["name"]}
    yield "response.function_call_arguments.done", {**place, **done}


def _offered(body: dict[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    tools = tuple(
        Tool(tool["name"], tool.get("description") or "", tool.get("parameters") or {})
        for tool in body.get("tools") or ()
        if tool.get("type") == "function"
    )
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        return tuple(tool for tool in tools if tool.name == choice.get("name")), True
    return (() if choice == "none" else tools), choice == "required"


def _message(item: dict[str, Any]) -> Message | None:
    """One input item as a message; kinds that say nothing to this model (reasoning) are None."""
    kind = item.get("type", "message")
    if kind == "function_call":
        call = ToolCall(item["name"], object_of(item["arguments"]), item["call_id"])
        return Message("assistant", calls=(call,))
    if kind == "function_call_output":
        return Message("tool", text_of(item["output"]), call_id=item["call_id"])
    if kind == "message":
        return openai_chat.message_of(item)
    return None


def _items(turn: Turn, stamp: Stamp) -> list[dict[str, Any]]:
    if not turn.calls:
        content = [{"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}]
        status = "incomplete" if turn.cut else "completed"
        return [{"id": stamp.id("msg_"), "type": "message", "status": status, "role": "assistant", "content": content}]
    return [
        {
            "id": stamp.id("fc_"),
            "type": "function_call",
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            "arguments": compact(call.arguments),
        }
        for call in turn.calls
    ]


def _frame(prompt: Prompt, stamp: Stamp) -> dict[str, Any]:
    asked = prompt.raw
    return {
        "id": stamp.id("resp_"),
        "object": "response",
        "created_at": stamp.created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "metadata": asked.get("metadata") or {},
        "model": prompt.model,
        "output": [],
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "temperature": asked.get("temperature", 1.0),
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice") or "auto",
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": None,
    }


def _finished(frame: dict[str, Any], items: list[dict[str, Any]], prompt: Prompt, turn: Turn) -> dict[str, Any]:
    sent, made = tokens.of_prompt(prompt), tokens.of_turn(turn)
    usage = {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + made,
    }
    ended = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}} if turn.cut else {}
    return {**frame, "status": "completed", "output": items, "usage": usage, **ended}


WIRE = Wire("openai responses", read, whole, stream, openai_chat.error, "call_")
