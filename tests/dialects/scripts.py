"""One answer in each wire format, plain and streamed: words, thinking, two tool calls, usage."""

from __future__ import annotations

import json

from replay.dialects.model import LlmAnswer, Message, Part, ToolCall, Usage
from tests.dialects.exchanges import CHAT, GEMINI, MESSAGES, RESPONSES, sse

THOUGHT, WORDS = "Two calls, then.", "Looking — both 🙂."
FIRST, SECOND = '{"order":7}', '{"city":"Zürich","exact":true}'
PARTS = (Part("thinking", THOUGHT), Part("text", WORDS))
CALLS = (ToolCall("c1", "lookup", FIRST), ToolCall("c2", "weather", SECOND))
MESSAGE = Message("assistant", WORDS, CALLS, parts=PARTS)


def pieces(text, size=3):
    return [text[at : at + size] for at in range(0, len(text), size)]


def chat_pair():
    usage = {
        "prompt_tokens": 50,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    calls = [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in CALLS]
    message = {"role": "assistant", "content": WORDS, "reasoning_content": THOUGHT, "tool_calls": calls}
    plain = {"model": "m-1", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in pieces(THOUGHT)]
    deltas += [{"content": piece} for piece in pieces(WORDS)]
    for at, call in enumerate(calls):
        head = {"index": at, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
        deltas.append({"tool_calls": [head]})
    fragments = zip(*[pieces(call.arguments, 4) for call in CALLS], strict=False)
    rest = ["".join(pieces(SECOND, 4)[len(pieces(FIRST, 4)) :])]
    for both in fragments:
        deltas += [{"tool_calls": [{"index": at, "function": {"arguments": piece}}]} for at, piece in enumerate(both)]
    deltas += [{"tool_calls": [{"index": 1, "function": {"arguments": piece}}]} for piece in rest]
    chunks = [{"model": "m-1", "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    chunks.append({"model": "m-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    chunks.append({"model": "m-1", "choices": [], "usage": usage})
    return plain | {"usage": usage}, sse(*chunks, "[DONE]")


def responses_pair():
    usage = {
        "input_tokens": 50,
        "output_tokens": 20,
        "input_tokens_details": {"cached_tokens": 30},
        "output_tokens_details": {"reasoning_tokens": 5},
    }
    output = [
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": THOUGHT}]},
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": WORDS}]},
        *[{"type": "function_call", "call_id": c.id, "name": c.name, "arguments": c.arguments} for c in CALLS],
    ]
    plain = {"model": "m-1", "status": "completed", "output": output, "usage": usage, "error": None}
    events = [{"type": "response.created", "response": plain | {"status": "in_progress", "output": [], "usage": None}}]
    empty = [{"summary": []}, {"content": []}, {"arguments": ""}, {"arguments": ""}]
    for at, (item, hollow) in enumerate(zip(output, empty, strict=True)):
        events.append({"type": "response.output_item.added", "output_index": at, "item": item | hollow})
        events += [{"output_index": at, **delta} for delta in _responses_deltas(item)]
    return plain, sse(*events, {"type": "response.completed", "response": plain}, names=True)


def _responses_deltas(item):
    if item["type"] == "reasoning":
        kind, text, more = "reasoning_summary_text", THOUGHT, {"summary_index": 0}
    elif item["type"] == "message":
        kind, text, more = "output_text", WORDS, {"content_index": 0}
    else:
        kind, text, more = "function_call_arguments", item["arguments"], {}
    return [{"type": f"response.{kind}.delta", "delta": piece, **more} for piece in pieces(text)]


def anthropic_pair():
    usage = {"input_tokens": 20, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 0}
    content = [
        {"type": "thinking", "thinking": THOUGHT, "signature": "s"},
        {"type": "text", "text": WORDS},
        *[{"type": "tool_use", "id": c.id, "name": c.name, "input": json.loads(c.arguments)} for c in CALLS],
    ]
    details = {"output_tokens": 20, "output_tokens_details": {"thinking_tokens": 5}}
    start = {"model": "m-1", "role": "assistant"}
    plain = start | {"content": content, "stop_reason": "tool_use", "usage": usage | details}
    message = start | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    events = [{"type": "message_start", "message": message}, {"type": "ping"}]
    hollow = [{"thinking": ""}, {"text": ""}, {"input": {}}, {"input": {}}]
    for at, (block, empty) in enumerate(zip(content, hollow, strict=True)):
        events.append({"type": "content_block_start", "index": at, "content_block": block | empty})
        events += [{"type": "content_block_delta", "index": at, "delta": delta} for delta in _anthropic_deltas(block)]
        events.append({"type": "content_block_stop", "index": at})
    events.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": details})
    return plain, sse(*events, {"type": "message_stop"}, names=True)


def _anthropic_deltas(block):
    if block["type"] == "thinking":
        return [{"type": "thinking_delta", "thinking": piece} for piece in pieces(THOUGHT)]
    if block["type"] == "text":
        return [{"type": "text_delta", "text": piece} for piece in pieces(WORDS)]
    sent = json.dumps(block["input"], ensure_ascii=False)
    return [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces(sent)]]


def gemini_chunks():
    usage = {
        "promptTokenCount": 50,
        "cachedContentTokenCount": 30,
        "candidatesTokenCount": 15,
        "thoughtsTokenCount": 5,
    }
    parts = [{"text": piece, "thought": True} for piece in pieces(THOUGHT)]
    parts += [{"text": piece} for piece in pieces(WORDS)]
    parts += [{"functionCall": {"id": c.id, "name": c.name, "args": json.loads(c.arguments)}} for c in CALLS]
    chunks = [
        {"candidates": [{"content": {"role": "model", "parts": [part]}}], "modelVersion": "m-1"} for part in parts
    ]
    chunks[0]["usageMetadata"] = {"promptTokenCount": 50}
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    chunks[-1]["usageMetadata"] = usage
    return chunks


def gemini_pair():
    chunks = gemini_chunks()
    parts = [{"text": THOUGHT, "thought": True}, {"text": WORDS}]
    parts += [chunk["candidates"][0]["content"]["parts"][0] for chunk in chunks[-2:]]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    plain = {"candidates": [candidate], "modelVersion": "m-1", "usageMetadata": chunks[-1]["usageMetadata"]}
    return plain, sse(*chunks, end="\r\n")


PAIRS = {
    CHAT: (chat_pair, "tool_calls"),
    RESPONSES: (responses_pair, "completed"),
    MESSAGES: (anthropic_pair, "tool_use"),
    GEMINI: (gemini_pair, "STOP"),
}


def expected(finish_reason):
    usage = Usage(input=50, output=20, cached=30, reasoning=5)
    return LlmAnswer("m-1", (MESSAGE,), usage, finish_reason)
