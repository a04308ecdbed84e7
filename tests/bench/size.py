"""The file of a chat that sends its whole history each turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx

from tests.bench.loopback import serving
from tests.bench.rounds import subject
from tests.bench.row import Bench, Row
from tests.bench.traffic import HEADERS, PATH

TURNS = 40
SENT = 1_000_000
BUDGET = 140_000.0
WORDS = ("order", "refund", "customer", "window", "policy", "days", "after", "please", "could", "tell", "under", "late")


def requests() -> list[bytes]:
    """The bodies of one chat: a history that grows by a question and an answer each turn, and five tools."""
    dice = Random(1)

    def words(count: int) -> str:
        return " ".join(dice.choices(WORDS, k=count))

    tools = [{"type": "function", "function": {"name": f"tool{n}", "description": words(40)}} for n in range(5)]
    messages = [{"role": "system", "content": words(60)}]
    bodies = []
    for turn in range(TURNS):
        messages.append({"role": "user", "content": f"Question {turn}: {words(92)}"})
        bodies.append(json.dumps({"model": "gpt-5-mini", "messages": messages, "tools": tools}).encode())
        messages.append({"role": "assistant", "content": words(92)})
    return bodies


@contextmanager
def chat(path: str) -> Iterator[Callable[[], int]]:
    import replay

    bodies = requests()  # outside the session, which would keep the dice they are made with
    with serving() as url, replay.record(path), httpx.Client() as client:
        for body in bodies:
            client.post(url + PATH, content=body, headers=HEADERS)
    yield lambda: Path(path).stat().st_size


def run(directory: Path, _large: bool) -> Iterable[Row]:
    sent = sum(map(len, requests()))
    assert sent >= SENT
    with subject(chat, str(directory / "chat.cassette")) as measure:
        size = measure()
    yield Row(f"a chat of {TURNS} turns", size, "bytes", BUDGET, detail=f"{sent:,} bytes of request JSON sent")


BENCH = Bench("size", run)
