"""Bedrock: ``POST /model/{model}/converse`` and ``…/converse-stream`` (Amazon Bedrock API reference, "Converse" and
"ConverseStream"; the binary stream is described in the Amazon Transcribe developer guide, "Event stream encoding")."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from replay.testing import tokens
from replay.testing.turn import BadRequest, Message, Prompt, Tool, ToolCall, Turn
from replay.testing.wire.format import Wire, compact, must_have, steady, text_of
from replay.testing.wire.stamp import Stamp

_PATH = re.compile(r"/model/(?P<model>.+)/(?P<verb>converse|converse-stream)$")
_ERRORS = {400: "ValidationException", 404: "ResourceNotFoundException", 429: "ThrottlingException"}
_TEXT = 7
"""The type number of a header whose value is text."""


def read(body: dict[str, Any], path: str) -> Prompt:
    must_have(body, "messages")
    called = _PATH.search(path)
    if called is None:
        raise BadRequest(f"No model in the path {path}.")
    limits = body.get("inferenceConfig") or {}
    tools, must_call = _offered(body.get("toolConfig") or {})
    system = (Message("system", text_of(body["system"])),) if body.get("system") else ()
    return Prompt(
        model=called["model"],
        messages=system + tuple(part for message in body["messages"] for part in _messages(message)),
        tools=tools,
        must_call=must_call,
        max_tokens=limits.get("maxTokens"),
        steady=steady(limits),
        stream=called["verb"] == "converse-stream",
        raw=body,
    )


def whole(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    message = {"role": "assistant", "content": _blocks(turn)}
    return {"output": {"message": message}, "stopReason": _reason(turn), **_amounts(prompt, turn, stamp)}


def stream(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[bytes]:
    for kind, data in _events(prompt, turn, stamp):
        yield frame(kind, compact(data).encode())


def frame(kind: str, payload: bytes) -> bytes:
    """One message of an AWS event stream: lengths, headers, ``payload``, each part with its checksum."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(_header(name, value) for name, value in named.items())
    lengths = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    whole = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def error(status: int, message: str) -> dict[str, Any]:
    return {"__type": _ERRORS.get(status, "InternalServerException"), "message": message}


def _header(name: str, value: str) -> bytes:
    size = struct.pack(">BH", _TEXT, len(value))
    return bytes([len(name)]) + name.encode() + size + value.encode()


def _events(prompt: Prompt, turn: Turn, stamp: Stamp) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(_blocks(turn)):
        place = {"contentBlockIndex": index}
        if call := block.get("toolUse"):
            begun = {name: call[name] for name in ("toolUseId", "name")}
            yield "contentBlockStart", {"start": {"toolUse": begun}, **place}
        for delta in _deltas(block, stamp):
            yield "contentBlockDelta", {"delta": delta, **place}
        yield "contentBlockStop", place
    yield "messageStop", {"stopReason": _reason(turn)}
    yield "metadata", _amounts(prompt, turn, stamp)


def _deltas(block: dict[str, Any], stamp: Stamp) -> Iterator[dict[str, Any]]:
    if "text" in block:
        for piece in tokens.pieces(block["text"], stamp.rng):
            yield {"text": piece}
        return
    for piece in tokens.pieces(compact(block["toolUse"]["input"]), stamp.rng):
        yield {"toolUse": {"input": piece}}


def _offered(config: dict[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    specs = [tool["toolSpec"] for tool in config.get("tools") or () if "toolSpec" in tool]
    tools = tuple(Tool(spec["name"], spec.get("description") or "", spec["inputSchema"]["json"]) for spec in specs)
    choice = config.get("toolChoice") or {}
    if "tool" in choice:
        return tuple(tool for tool in tools if tool.name == choice["tool"]["name"]), True
    return tools, "any" in choice


def _messages(message: dict[str, Any]) -> Iterator[Message]:
    """One message of theirs as ours: results of tools, which they put into a user message, come first."""
    if message.get("role") not in ("user", "assistant"):
        raise BadRequest(f"messages: role must be user or assistant, not {message.get('role')!r}")
    blocks = message["content"]
    for block in blocks:
        if result := block.get("toolResult"):
            yield Message("tool", _result(result), call_id=result["toolUseId"])
    text = text_of([block for block in blocks if "text" in block])
    asked = [block["toolUse"] for block in blocks if "toolUse" in block]
    if text or asked:
        calls = tuple(ToolCall(call["name"], call["input"], call["toolUseId"]) for call in asked)
        yield Message(message["role"], text, calls)


def _result(result: dict[str, Any]) -> str:
    return "\n".join(compact(part["json"]) if "json" in part else part.get("text", "") for part in result["content"])


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    text = [{"text": turn.text}] if turn.text else []
    calls = [{"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}} for call in turn.calls]
    return [*text, *calls]


def _reason(turn: Turn) -> str:
    return "tool_use" if turn.calls else "max_tokens" if turn.cut else "end_turn"


def _amounts(prompt: Prompt, turn: Turn, stamp: Stamp) -> dict[str, Any]:
    sent, made = tokens.of_prompt(prompt), tokens.of_turn(turn)
    usage = {"inputTokens": sent, "outputTokens": made, "totalTokens": sent + made}
    return {"usage": usage, "metrics": {"latencyMs": stamp.rng.randint(90, 900)}}


WIRE = Wire("bedrock converse", read, whole, stream, error, "tooluse_", "application/vnd.amazon.eventstream")
