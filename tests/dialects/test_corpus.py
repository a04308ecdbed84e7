"""Real exchanges that other projects recorded; read where they lie, at REPLAY_CORPUS (default ``../shared/corpus``)."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import yaml

from replay.dialects.steps import steps
from replay.events import Answer, Chunk, End, Event, Head, Request

CORPUS = Path(os.environ.get("REPLAY_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
ENDPOINTS = ("/chat/completions", "/v1/responses", "/v1/messages", "generateContent", "streamGenerateContent")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def raw(value):
    return value if isinstance(value, bytes) else (value or "").encode()


def headers(fields):
    return tuple([(name, value) for name, values in fields.items() for value in values])


def read(path):
    """The events of one recording, in order."""
    recorded = yaml.load(path.read_bytes(), LOADER)
    for at, each in enumerate(recorded.get("interactions") or []):
        asked, said = each["request"], each["response"]
        request = Request("http", asked["method"], asked["uri"], headers(asked["headers"]), raw(asked["body"]))
        head = Head(said["status"]["code"], headers=headers(said["headers"]))
        chunk = Chunk(raw((said.get("body") or {}).get("string")))
        yield Event(at, request, at=at, answer=Answer(head, chunks=(chunk,), end=End()))


def is_llm_call(event):
    path = event.request.target.split("?")[0].split("#")[0]
    return path.endswith(ENDPOINTS) and "/threads/" not in path


def test_recordings_of_real_providers_are_read_in_full():
    paths = sorted(CORPUS.rglob("*.yaml"))[::8]
    if not paths:
        pytest.skip(f"no recordings at {CORPUS}; set REPLAY_CORPUS")
    dialects = Counter()
    for path in paths:
        for step in steps(read(path)):
            assert step.inferred or is_llm_call(step.source) == (step.kind == "llm"), path
            if step.kind == "llm":
                dialects[step.reading.dialect.name] += 1
                check(step, path)
    assert len(dialects) == 4


def check(step, path):
    """An answer is an error, or has an end, a message, whole tool calls, and usage unless a chat stream sent none."""
    assert step.request.model, path
    assert step.request.messages, path
    assert step.answer.note == "", path
    if step.status == "error":
        return
    assert step.answer.finish_reason, path
    assert step.answer.messages, path
    assert all(isinstance(json.loads(call.arguments), dict) for call in step.answer.tool_calls), path
    assert step.usage or (step.reading.dialect.name == "openai.chat" and step.request.stream), path
