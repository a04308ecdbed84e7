"""What a run adds to a git repository each time it is recorded again, beside a compressed copy of it.

Runs of 1.7 MB: a chat that resends its history, with so much in its requests; 100 long and 280 short calls that have
nothing in common, with so much in the cassette itself. Each time all ids and times are new, and an answer in a hundred
is worded otherwise. Ids, times and links alone, which nothing can compress, are about 160 bytes a call.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from replay.cassette import Writer
from replay.cassette.file import File
from replay.cassette.packed import pack_bytes
from replay.events import Answer, Chunk, End, Event, Head, Header, Request
from tests.bench.row import Bench, Row
from tests.bench.size import WORDS

RECORDINGS = 6
REWORDED = 0.01
"""The share of answers that come out otherwise."""

BUDGET = 35_000.0
URL = "https://api.openai.com/v1/chat/completions"
Bodies = Iterator[tuple[list[dict[str, str]], str]]


def run(directory: Path, _large: bool) -> Iterable[Row]:
    for name, bodies, form, budget in (
        ("a chat", _chat, _plain, BUDGET),
        ("100 long calls", _long_calls, _plain, BUDGET),
        ("280 short calls", _short_calls, _plain, None),
        ("100 long calls, packed", _long_calls, _packed, None),
    ):
        folder = directory / name.replace(" ", "-")
        folder.mkdir()
        sent, size, grown = _grown(folder, bodies, form)
        detail = f"{sent:,} bytes of requests, {size:,} bytes of file, {REWORDED:.0%} of the answers reworded"
        yield Row(f"git growth by a re-record: {name}", grown, "bytes", budget, detail=detail)


def _grown(folder: Path, bodies: Callable[[Random], Bodies], form: Callable[[Path], bytes]) -> tuple[int, int, float]:
    """Bytes of requests, bytes of one file, and those that the repository grows by for each further one."""
    _git(folder, "init", "--quiet")
    sizes = []
    for number in range(RECORDINGS):
        cassette, kept = folder / "new.cassette", folder / "run.cassette"
        sent = _record(cassette, number, bodies)
        kept.write_bytes(form(cassette))
        _git(folder, "add", "run.cassette")
        _git(folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "-m", "again")
        _git(folder, "gc", "--quiet")
        sizes.append(sum(path.stat().st_size for path in folder.glob(".git/objects/pack/*.pack")))
    return sent, kept.stat().st_size, (sizes[-1] - sizes[0]) / (RECORDINGS - 1)


def _record(path: Path, number: int, bodies: Callable[[Random], Bodies]) -> int:
    writer = Writer.create(str(path), Header(f"{number:032x}", 1_700_000_000_000_000_000 + number, "0.1.0"))
    sent = 0
    for event in _events(Random(number), bodies):
        event = replace(event, id=writer.next_id())
        answer: Any = event.answer
        writer.issue(event)
        writer.parts(event.id, [answer.head], answer.head_at, answer.head_tick)
        writer.parts(event.id, [answer.chunks[0]], answer.chunks[0].at, answer.chunks[0].tick)
        writer.parts(event.id, [answer.end], answer.end_at, answer.end_tick)
        sent += len(event.request.body)
    writer.close()
    assert writer.gaps == []
    return sent


def _events(own: Random, bodies: Callable[[Random], Bodies]) -> Iterator[Event]:
    """One recording: ``own`` throws what differs between recordings."""
    at = 0
    for call, (messages, said) in enumerate(bodies(own)):
        at += own.randrange(200_000_000, 900_000_000)
        tick = 3 * call
        body = json.dumps({"model": "gpt-5-mini", "messages": messages, "temperature": 0.5}).encode()
        made = {"id": f"chatcmpl-{own.randbytes(12).hex()}", "created": 1_700_000_000 + at // 10**9}
        data = json.dumps({**made, "choices": [{"message": {"role": "assistant", "content": said}}]}).encode()
        head = Head(200, "OK", headers=(("content-type", "application/json"), ("x-request-id", own.randbytes(8).hex())))
        answer = Answer(head, at + 1, tick + 1, (Chunk(data, at + 2, tick + 2),), End(), at + 3, tick + 3)
        request = Request("http", "POST", URL, (("accept", "*/*"),), body)
        mark = Random(call).randbytes(16)
        yield Event(0, request, "0", call, at, tick, None, mark, "agent.py:7", "recorded", answer)


def _chat(own: Random) -> Bodies:
    shared = Random(0)
    messages: list[dict[str, str]] = []
    for _ in range(44):
        messages.append({"role": "user", "content": _words(shared, 110)})
        said = _said(own, shared, 110)
        yield list(messages), said
        messages.append({"role": "assistant", "content": said})


def _long_calls(own: Random) -> Bodies:
    return _calls(own, 100, 1850)


def _short_calls(own: Random) -> Bodies:
    return _calls(own, 280, 600)


def _calls(own: Random, count: int, words: int) -> Bodies:
    shared = Random(0)
    for _ in range(count):
        asked = _words(shared, 60)
        yield [{"role": "user", "content": asked}], _said(own, shared, words)


def _said(own: Random, shared: Random, count: int) -> str:
    said = _words(shared, count)
    return _words(own, count) if own.random() < REWORDED else said


def _words(dice: Random, count: int) -> str:
    """Words told apart by numbers, so that as text it compresses no better than prose."""
    return " ".join(f"{dice.choice(WORDS)}{dice.randrange(100)}" for _ in range(count))


def _plain(cassette: Path) -> bytes:
    return cassette.read_bytes()


def _packed(cassette: Path) -> bytes:
    file = File(str(cassette))
    return b"".join(pack_bytes(file.source))


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


BENCH = Bench("growth", run)
