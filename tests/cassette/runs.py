"""Small runs for the tests of the file: what a program did, as the calls that the engine makes on a writer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from replay.cassette import Writer
from replay.events import (
    Answer,
    Chunk,
    End,
    Entry,
    Event,
    Failure,
    Head,
    Header,
    Note,
    Reads,
    Request,
)

HEADER = Header(
    "run-1",
    1_700_000_000_000_000_000,
    "0.1.0",
    "3.11.7",
    "linux",
    "0",
    Entry(("python", "agent.py"), python="/usr/bin/python3"),
    {"case": "refund"},
    {"fingerprint": 1},
    "",
    ("model=x",),
)


def chat(id: int, turns: int = 1, tick: int = 0, chunks: int = 2) -> Event:
    """One LLM call with a history of ``turns`` messages."""
    messages = [{"role": "user", "content": f"message {turn} " + "word " * 30} for turn in range(turns)]
    body = json.dumps({"model": "gpt-5-mini", "messages": messages, "temperature": 0.5}).encode()
    headers = (("content-type", "application/json"), ("x-stainless-lang", "python"))
    request = Request("http", "POST", "https://api.openai.com/v1/chat/completions", headers, body)
    at = tick * 1000
    pieces = tuple(Chunk(b'data: {"n":%d}\n\n' % n, at + 2 + n, tick + 2 + n) for n in range(chunks))
    head = Head(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"), ("x-request-id", f"r{id}")))
    answer = Answer(head, at + 1, tick + 1, pieces, End(), at + 90, tick + 2 + chunks)
    return Event(id, request, "0/a1", id, at, tick, None, b"%016d" % id, "agent.py:7", "recorded", answer)


def write_event(writer: Writer, event: Event) -> None:
    writer.issue(event)
    for step in answer_steps(event):
        step(writer)


def answer_steps(event: Event) -> Iterator[Callable[[Writer], None]]:
    """What the engine does with the answer of ``event``, one call at a time."""
    answer = event.answer
    if answer is None:
        return
    if answer.head is not None:
        yield lambda writer: writer.parts(event.id, [answer.head], answer.head_at, answer.head_tick)
    for chunk in answer.chunks:
        yield lambda writer, chunk=chunk: writer.parts(event.id, [chunk], chunk.at, chunk.tick)
    if answer.end is not None:
        yield lambda writer: writer.parts(event.id, [answer.end], answer.end_at, answer.end_tick)


def write_run(path: Path, events: list[Event], seal: bool = True) -> Writer:
    writer = Writer.create(str(path), HEADER)
    for event in events:
        assert writer.next_id() == event.id
        write_event(writer, event)
    writer.reads(Reads("0", "time.time_ns", (1, 2)))
    writer.note(Note("output", {"answer": 42}))
    writer.close(seal)
    return writer


# Arbitrary runs -----------------------------------------------------------------------------------------------------

text = st.text(st.characters(), max_size=8)
short = st.binary(max_size=200)
number = st.integers(0, 2**62)
headers = st.lists(st.tuples(text, text), max_size=3).map(tuple)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
bodies = st.one_of(
    short,
    st.builds(lambda value, indent: json.dumps(value, indent=indent).encode(), values, st.sampled_from([None, 1])),
    st.builds(lambda value: b'{"messages": ' + json.dumps(value * 9).encode() + b"}", st.lists(values, max_size=4)),
    st.builds(lambda data, cut: data[:cut], st.just(chat(0, 5).request.body), st.integers(0, 1200)),
)
requests = st.builds(
    Request, st.sampled_from(["http", "tool", "process", "span"]), text, text, headers, bodies,
    st.sampled_from([None, "read", "write"]),
)  # fmt: skip
heads = st.builds(Head, st.integers(100, 599), text, text, headers)
failures = st.none() | st.builds(Failure, text, text, short)
ends = st.builds(End, st.sampled_from(["complete", "closed", "broken", "failed"]), failures)
chunks = st.lists(st.builds(Chunk, short, number, number), max_size=3).map(tuple)


@st.composite
def answers(draw: Any) -> Answer | None:
    head, pieces, end = draw(st.none() | heads), draw(chunks), draw(st.none() | ends)
    if head is None and not pieces and end is None:
        return None
    times = {"head_at": draw(number), "head_tick": draw(number)} if head else {}
    last = {"end_at": draw(number), "end_tick": draw(number)} if end else {}
    return Answer(head=head, chunks=pieces, end=end, **times, **last)


events = st.builds(
    Event, st.just(0), requests, st.text(max_size=5), number, number, number, st.none() | number,
    st.just(b"") | st.binary(min_size=16, max_size=16).filter(any), text,
    st.sampled_from(["recorded", "served", "live"]), answers(),
)  # fmt: skip


@dataclass
class Script:
    """Events, and the order in which their parts are written."""

    events: list[Event] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    def write(self, writer: Writer) -> list[Event]:
        """Write all of it; the events with the ids that they got."""
        written = []
        waiting: list[list[Callable[[Writer], None]]] = []
        for event in self.events:
            event = replace(event, id=writer.next_id())
            writer.issue(event)
            written.append(event)
            waiting.append(list(answer_steps(event)))
            for place in self.order:
                if waiting[place % len(waiting)]:
                    waiting[place % len(waiting)].pop(0)(writer)
        for steps in waiting:
            for step in steps:
                step(writer)
        return written


scripts = st.builds(Script, st.lists(events, max_size=4), st.lists(st.integers(0, 3), max_size=3))
