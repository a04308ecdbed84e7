from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from replay.cassette import Reader, Writer
from replay.cassette.segments import List, split_body
from replay.events import Event
from tests.cassette.runs import HEADER, chat, write_event

WORDS = (
    *("alpha", "beta", "customer", "refund", "order", "please", "could"),
    *("tell", "about", "under", "window", "policy", "days", "after"),
)


def conversation(turns: int) -> list[Event]:
    """Requests of a chat that resends its history, about 500 characters a message and five tools each time."""
    dice = random.Random(1)

    def words(count: int) -> str:
        return " ".join(dice.choices(WORDS, k=count))

    tools = [{"type": "function", "function": {"name": f"tool{n}", "description": words(40)}} for n in range(5)]
    messages = [{"role": "system", "content": words(60)}]
    events = []
    for turn in range(turns):
        messages.append({"role": "user", "content": words(90)})
        body = json.dumps({"model": "m", "messages": messages, "tools": tools, "stream": True}).encode()
        made = chat(turn, tick=turn * 10)
        events.append(replace(made, request=replace(made.request, body=body)))
        messages.append({"role": "assistant", "content": words(90)})
    return events


def size_of(path: Path, events: list[Event]) -> int:
    writer = Writer.create(str(path), HEADER)
    for event in events:
        writer.next_id()
        write_event(writer, event)
    writer.close()
    assert list(Reader(str(path)).events) == events
    return path.stat().st_size


def test_forty_turns_with_a_megabyte_of_requests_fit_into_140_kilobytes(tmp_path: Path):
    events = conversation(40)
    assert sum(len(event.request.body) for event in events) > 1_000_000
    assert size_of(tmp_path / "a.cassette", events) <= 140_000


def test_the_file_grows_with_the_turns_and_not_with_their_square(tmp_path: Path):
    short, long = size_of(tmp_path / "a", conversation(20)), size_of(tmp_path / "b", conversation(80))
    assert long < 4.5 * short


def test_equal_calls_cost_next_to_nothing(tmp_path: Path):
    once = size_of(tmp_path / "a", [chat(0, turns=50)])
    often = size_of(tmp_path / "b", [replace(chat(0, turns=50), id=id) for id in range(20)])
    assert (often - once) / 19 < 600


def test_arrays_of_numbers_are_no_lists():
    body = json.dumps({"input": list(range(1000))}).encode()
    assert not any(isinstance(segment, List) for segment in split_body(body))
