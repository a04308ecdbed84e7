"""Cassettes in memory: what the tests of a diff compare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from replay.dialects.cassette import Cassette
from replay.engine.result import Divergence
from replay.events import Answer, Chunk, End, Event, Head, Header, Note, Request


class Source:
    """Events in place of a file."""

    def __init__(self, events: Sequence[Event], *, hash_seed: str = "", cut: str | None = None) -> None:
        self.header = Header(run="r", created=0, hash_seed=hash_seed)
        self.events = events
        self.notes: list[Note] = []
        self.cut = cut

    def event(self, id: int, /) -> Event:
        return self.events[id]

    def verify(self) -> list[str]:
        return []


def cassette(*events: Event, **options: Any) -> Cassette:
    """A run of ``events``, whose ids are their places."""
    return Cassette("run.cassette", Source(events, **options))


def chat(*messages: dict[str, Any], **fields: Any) -> Request:
    """A call to a model."""
    body = {"model": "gpt-5-mini", "messages": list(messages), **fields}
    return Request("http", "POST", "https://api.openai.com/v1/chat/completions", body=json.dumps(body).encode())


def said(role: str, content: str, **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


def event(id: int, request: Request, answer: Any = None, lineage: str = "0") -> Event:
    """An answered event; ``answer`` is the JSON of its body."""
    body = json.dumps(answer).encode()
    return Event(id, request, lineage, answer=Answer(Head(200, "OK"), chunks=(Chunk(body),), end=End()))


def completion(content: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]}


def diverged(asked: Request, *, step: int = 1, closest: int | None = 0, **fields: Any) -> Divergence:
    return Divergence(asked, fields.pop("lineage", "0"), 0, step, closest, "agent.py:88", **fields)
