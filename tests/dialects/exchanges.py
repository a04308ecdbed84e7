"""Events for tests, made of what would lie on the wire."""

from __future__ import annotations

import json

from replay.events import Answer, Chunk, End, Event, Head, Request

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"


def post(url, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("http", "POST", url, tuple(headers.items()), raw)


def answer(body, *, status=200, ending="complete", failure=None, end_at=0, headers=()):
    """``body``: raw bytes, a list of raw chunks, or JSON data."""
    if not isinstance(body, bytes | list):
        body = json.dumps(body).encode()
    pieces = [body] if isinstance(body, bytes) else body
    return Answer(
        head=Head(status, headers=headers),
        chunks=tuple([Chunk(piece) for piece in pieces]),
        end=End(ending, failure) if ending else None,
        end_at=end_at,
    )


def sse(*events, names=False, end="\n"):
    """Server-sent events, one for each JSON object; ``names`` adds the ``event:`` line from its ``type``."""
    lines = []
    for event in events:
        if names:
            lines.append(f"event: {event['type']}")
        lines += [f"data: {event if isinstance(event, str) else json.dumps(event)}", ""]
    return end.join([*lines, ""]).encode()


def event(id, request, reply=None, **rest):
    rest.setdefault("at", id * 10)
    return Event(id, request, answer=reply, **rest)


def tool(id, name, arguments, value, **rest):
    request = Request("tool", "call", name, body=json.dumps(arguments).encode())
    return event(id, request, answer(json.dumps(value).encode(), end_at=id * 10 + 1), **rest)


def chat_call(*calls, text=None):
    """A chat answer that asks for ``(id, name, arguments)`` calls."""
    asked = [{"id": i, "type": "function", "function": {"name": n, "arguments": json.dumps(a)}} for i, n, a in calls]
    return {"role": "assistant", "content": text, **({"tool_calls": asked} if asked else {})}


def chat_answer(message, **rest):
    return answer({"model": "gpt-5-mini", "choices": [{"index": 0, "message": message}]}, **rest)


def chat(id, messages, message, **rest):
    """The event of one chat exchange."""
    request = post(CHAT, {"model": "gpt-5-mini", "messages": messages})
    return event(id, request, chat_answer(message, end_at=id * 10 + 5), **rest)


def result(call_id, text):
    return {"role": "tool", "tool_call_id": call_id, "content": text}
