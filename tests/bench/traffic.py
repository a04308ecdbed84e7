"""Chat traffic: one URL, distinct prompts of about 300 bytes, answers of about 600."""

from __future__ import annotations

import json

HEADERS = {"content-type": "application/json"}
PATH = "/v1/chat/completions"


def prompt(number: int) -> bytes:
    """As the SDKs on httpx send it: compact."""
    system = "You are a careful assistant who answers in one word."
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": f"Question {number}: " + "which of these words is the odd one out? " * 3},
    ]
    request = {"model": "gpt-5-mini", "messages": messages, "temperature": 0.2}
    return json.dumps(request, separators=(",", ":")).encode()


def answer(number: int) -> bytes:
    message = {"role": "assistant", "content": f"Answer {number}: " + "all of the words are alike. " * 11}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 58, "completion_tokens": 71, "total_tokens": 129}
    fields = {"id": f"chatcmpl-{number:08d}", "object": "chat.completion", "created": 1_700_000_000}
    return json.dumps({**fields, "model": "gpt-5-mini", "choices": [choice], "usage": usage}).encode()


def number_in(body: bytes) -> int:
    """The number that :func:`prompt` put into ``body``."""
    return int(body.partition(b"Question ")[2].partition(b":")[0])
