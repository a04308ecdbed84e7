"""One call in each of the formats beyond the four general ones: asked, answered plainly, answered in a stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from replay.dialects.model import Message, Part, ToolCall, Usage
from tests.dialects import eventstreams
from tests.dialects.exchanges import sse
from tests.dialects.scripts import pieces

WORDS, THOUGHT = "Both of them — 🙂.", "Two, then."
ARGUMENTS = {"city": "Zürich"}
USAGE = Usage(50, 20)
CALL = '{"city":"Zürich"}'
ASKED = [{"role": "user", "content": "weather?"}]


@dataclass
class Sample:
    """``reply``: the answer's message. ``reason``: why it ended."""

    dialect: str
    url: str
    asked: Any
    plain: Any
    streamed: bytes
    reply: Message
    usage: Usage = USAGE
    reason: str = "stop"


def said(call_id=None, thought=""):
    parts = (Part("thinking", thought), Part("text", WORDS)) if thought else ()
    calls = (ToolCall(call_id, "weather", CALL),) if call_id is not None else ()
    return Message("assistant", WORDS, calls, parts=parts)


def lines(*objects):
    return b"".join([json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in objects])


def ollama_chat():
    call = {"function": {"name": "weather", "arguments": ARGUMENTS}}
    counts = {"prompt_eval_count": 50, "eval_count": 20, "total_duration": 9}
    end = {"model": "m-1", "done": True, "done_reason": "stop", **counts}
    message = {"role": "assistant", "content": WORDS, "thinking": THOUGHT, "tool_calls": [call]}
    fragments = [{"thinking": piece} for piece in pieces(THOUGHT)] + [{"content": piece} for piece in pieces(WORDS)]
    fragments.append({"content": "", "tool_calls": [call]})
    stream = [{"model": "m-1", "message": {"role": "assistant", "content": "", **f}, "done": False} for f in fragments]
    return Sample(
        "ollama.chat",
        "http://127.0.0.1:11434/api/chat",
        {"model": "m-1", "messages": ASKED},
        {**end, "message": message},
        lines(*stream, {**end, "message": {"role": "assistant", "content": ""}}),
        said("", THOUGHT),
    )


def ollama_generate():
    end = {"model": "m-1", "done": True, "done_reason": "stop", "prompt_eval_count": 50, "eval_count": 20}
    stream = [{"model": "m-1", "response": piece, "done": False} for piece in pieces(WORDS)]
    return Sample(
        "ollama.generate",
        "http://127.0.0.1:11434/api/generate",
        {"model": "m-1", "prompt": "weather?"},
        {**end, "response": WORDS},
        lines(*stream, {**end, "response": ""}),
        said(),
    )


def cohere():
    usage = {"billed_units": {"input_tokens": 50, "output_tokens": 20}, "tokens": {"input_tokens": 900}}
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": CALL}}
    content = [{"type": "text", "text": WORDS}]
    message = {"role": "assistant", "tool_plan": THOUGHT, "content": content, "tool_calls": [call]}
    hollow = call | {"function": {"name": "weather", "arguments": ""}}
    fragments = [("tool-plan-delta", {"tool_plan": piece}) for piece in pieces(THOUGHT)]
    fragments += [("content-start", {"content": {"type": "text", "text": ""}})]
    fragments += [("content-delta", {"content": {"text": piece}}) for piece in pieces(WORDS)]
    fragments += [("tool-call-start", {"tool_calls": hollow})]
    fragments += [("tool-call-delta", {"tool_calls": {"function": {"arguments": p}}}) for p in pieces(CALL, 4)]
    events = [{"type": kind, "index": 0, "delta": {"message": fragment}} for kind, fragment in fragments]
    end = {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}}
    return Sample(
        "cohere",
        "https://api.cohere.com/v2/chat",
        {"model": "m-1", "messages": ASKED},
        {"id": "i", "finish_reason": "TOOL_CALL", "message": message, "usage": usage},
        sse({"type": "message-start", "id": "i"}, *events, end, names=True),
        said("c1", THOUGHT),
        reason="TOOL_CALL",
    )


def cohere_v1():
    meta = {"billed_units": {"input_tokens": 50, "output_tokens": 20}}
    calls = [{"name": "weather", "parameters": ARGUMENTS}]
    whole = {"text": WORDS, "generation_id": "g", "tool_calls": calls, "finish_reason": "COMPLETE", "meta": meta}
    stream = [{"is_finished": False, "event_type": "text-generation", "text": piece} for piece in pieces(WORDS)]
    stream += [{"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": calls}]
    end = {"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE", "response": whole}
    return Sample(
        "cohere.v1",
        "https://api.cohere.com/v1/chat",
        {"model": "m-1", "message": "weather?"},
        whole,
        lines({"is_finished": False, "event_type": "stream-start"}, *stream, end),
        said(""),
        reason="COMPLETE",
    )


def converse_events():
    usage = {"inputTokens": 15, "outputTokens": 20, "cacheReadInputTokens": 30, "cacheWriteInputTokens": 5}
    use = {"toolUseId": "c1", "name": "weather"}
    deltas = [(0, {"reasoningContent": {"text": piece}}) for piece in pieces(THOUGHT)]
    deltas += [(1, {"text": piece}) for piece in pieces(WORDS)]
    before = [{"contentBlockDelta": {"contentBlockIndex": at, "delta": delta}} for at, delta in deltas]
    begun = {"contentBlockStart": {"contentBlockIndex": 2, "start": {"toolUse": use}}}
    inputs = [{"contentBlockIndex": 2, "delta": {"toolUse": {"input": piece}}} for piece in pieces(CALL, 4)]
    end = [{"messageStop": {"stopReason": "tool_use"}}, {"metadata": {"usage": usage, "metrics": {"latencyMs": 9}}}]
    return [{"messageStart": {"role": "assistant"}}, *before, begun, *({"contentBlockDelta": i} for i in inputs), *end]


def converse():
    events = converse_events()
    content = [
        {"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": "s"}}},
        {"text": WORDS},
        {"toolUse": {"toolUseId": "c1", "name": "weather", "input": ARGUMENTS}},
    ]
    message = {"role": "assistant", "content": content}
    return Sample(
        "bedrock.converse",
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m-1%3A0/converse-stream",
        {"messages": [{"role": "user", "content": [{"text": "weather?"}]}]},
        {"output": {"message": message}, "stopReason": "tool_use", "usage": events[-1]["metadata"]["usage"]},
        eventstreams.events(*events),
        said("c1", THOUGHT),
        Usage(50, 20, cached=30, cache_written=5),
        "tool_use",
    )


def invoke_claude():
    usage = {"input_tokens": 20, "cache_read_input_tokens": 30, "output_tokens": 20}
    use = {"type": "tool_use", "id": "c1", "name": "weather"}
    content = [{"type": "text", "text": WORDS}, use | {"input": ARGUMENTS}]
    start = {"model": "m-1", "role": "assistant", "type": "message"}
    deltas = [(0, {"type": "text_delta", "text": piece}) for piece in pieces(WORDS)]
    deltas += [(1, {"type": "input_json_delta", "partial_json": piece}) for piece in pieces(CALL, 4)]
    stream = [{"type": "message_start", "message": start | {"content": [], "usage": usage}}]
    stream += [{"type": "content_block_start", "index": 1, "content_block": use | {"input": {}}}]
    stream += [{"type": "content_block_delta", "index": at, "delta": delta} for at, delta in deltas]
    stream += [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}}]
    return Sample(
        "bedrock.invoke",
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m-1/invoke-with-response-stream",
        {"anthropic_version": "bedrock-2023-05-31", "messages": ASKED},
        start | {"content": content, "stop_reason": "tool_use", "usage": usage},
        eventstreams.chunks(*stream, {"type": "message_stop"}),
        said("c1"),
        Usage(50, 20, cached=30),
        "tool_use",
    )


def invoke_nova():
    plain = converse()
    return Sample(
        "bedrock.invoke",
        plain.url.replace("converse-stream", "invoke-with-response-stream"),
        {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": "weather?"}]}]},
        plain.plain,
        eventstreams.chunks(*converse_events()),
        plain.reply,
        plain.usage,
        plain.reason,
    )


def invoke_titan():
    counted = {"inputTokenCount": 50, "outputTokenCount": 20}
    stream = [{"outputText": piece, "index": 0, "completionReason": None} for piece in pieces(WORDS)]
    stream[-1] |= {"completionReason": "FINISH", "amazon-bedrock-invocationMetrics": counted}
    results = [{"outputText": WORDS, "tokenCount": 20, "completionReason": "FINISH"}]
    return Sample(
        "bedrock.invoke",
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.titan/invoke-with-response-stream",
        {"inputText": "weather?"},
        {"inputTextTokenCount": 50, "results": results},
        eventstreams.chunks(*stream),
        said(),
        reason="FINISH",
    )


def completions():
    usage = {"prompt_tokens": 50, "completion_tokens": 20}
    stream = [{"model": "m-1", "choices": [{"index": 0, "text": piece}]} for piece in pieces(WORDS)]
    stream.append({"model": "m-1", "choices": [{"index": 0, "text": "", "finish_reason": "stop"}], "usage": usage})
    return Sample(
        "openai.completions",
        "http://127.0.0.1:8000/v1/completions",
        {"model": "m-1", "prompt": "weather?"},
        {"model": "m-1", "choices": [{"text": WORDS, "finish_reason": "stop"}], "usage": usage},
        sse(*stream, "[DONE]"),
        said(),
    )


def hugging_face():
    details = {"finish_reason": "eos_token", "generated_tokens": 20, "input_length": 50}
    stream = [{"token": {"text": piece, "special": False}, "generated_text": None} for piece in pieces(WORDS)]
    stream[-1] |= {"generated_text": WORDS, "details": details}
    return Sample(
        "huggingface",
        "https://router.huggingface.co/hf-inference/models/owner/m-1",
        {"inputs": "weather?"},
        {"generated_text": WORDS, "details": details},
        sse(*stream),
        said(),
        reason="eos_token",
    )


def watsonx():
    begun = {"generated_text": "", "generated_token_count": 0, "input_token_count": 50, "stop_reason": "not_finished"}
    told = [begun | {"generated_text": p, "input_token_count": 0, "generated_token_count": 1} for p in pieces(WORDS)]
    told[-1] |= {"generated_token_count": 20, "stop_reason": "eos_token"}
    whole = {"generated_text": WORDS, "generated_token_count": 20, "input_token_count": 50, "stop_reason": "eos_token"}
    return Sample(
        "watsonx",
        "https://eu-de.ml.cloud.ibm.com/ml/v1/text/generation_stream?version=2024-01-01",
        {"model_id": "m-1", "input": "weather?"},
        {"model_id": "m-1", "results": [whole]},
        sse(*[{"model_id": "m-1", "results": [each]} for each in (begun, *told)]),
        said(),
        reason="eos_token",
    )


def mistral_conversation():
    usage = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
    call = {"type": "function.call", "tool_call_id": "c1", "name": "weather", "arguments": CALL}
    outputs = [{"type": "message.output", "role": "assistant", "model": "m-1", "content": WORDS}, call]
    told = [{"output_index": 0, "type": "message.output.delta", "content": piece} for piece in pieces(WORDS)]
    begun = {"output_index": 1, "type": "function.call.delta", "tool_call_id": "c1", "name": "weather"}
    told += [begun | {"arguments": piece} for piece in pieces(CALL, 4)]
    end = {"type": "conversation.response.done", "usage": usage}
    return Sample(
        "mistral.conversations",
        "https://api.mistral.ai/v1/conversations",
        {"model": "m-1", "inputs": "weather?"},
        {"conversation_id": "c", "outputs": outputs, "usage": usage},
        sse({"type": "conversation.response.started"}, *told, end, names=True),
        said("c1"),
        reason="tool_calls",
    )


def gemini_interaction():
    usage = {"total_input_tokens": 50, "total_output_tokens": 15, "total_thought_tokens": 5}
    call = {"type": "function_call", "id": "c1", "name": "weather"}
    thought = {"type": "thought", "summary": [{"type": "text", "text": THOUGHT}]}
    steps = [thought, {"type": "model_output", "content": [{"type": "text", "text": WORDS}]}]
    told = [({"type": "thought"}, {"type": "thought_summary", "content": {"type": "text", "text": THOUGHT}})]
    told += [({"type": "model_output"}, {"type": "text", "text": piece}) for piece in pieces(WORDS)]
    told += [(call, {"type": "arguments_delta", "arguments": piece}) for piece in pieces(CALL, 4)]
    events = [{"event_type": "interaction.created", "interaction": {"model": "m-1", "status": "in_progress"}}]
    order = ["thought", "model_output", "function_call"]
    for at, kind in enumerate(order):
        mine = [(step, delta) for step, delta in told if step["type"] == kind]
        events.append({"event_type": "step.start", "index": at, "step": mine[0][0]})
        events += [{"event_type": "step.delta", "index": at, "delta": delta} for _, delta in mine]
    end = {"model": "m-1", "status": "requires_action", "usage": usage}
    return Sample(
        "gemini.interactions",
        "https://generativelanguage.googleapis.com/v1beta/interactions",
        {"model": "m-1", "input": "weather?"},
        end | {"steps": [*steps, call | {"arguments": ARGUMENTS}]},
        sse(*events, {"event_type": "interaction.completed", "interaction": end}, "[DONE]"),
        said("c1", THOUGHT),
        Usage(50, 20, reasoning=5),
        "requires_action",
    )


SAMPLES = {
    make.__name__: make()
    for make in (
        ollama_chat, ollama_generate, cohere, cohere_v1, converse, invoke_claude, invoke_nova, invoke_titan,
        completions, hugging_face, watsonx, mistral_conversation, gemini_interaction,
    )
}  # fmt: skip
