"""The file of a chat that sends its whole history each turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
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


def _kept(path: str, recording: Callable[[str], AbstractContextManager[object]]) -> int:
    """Bytes of the chat as ``recording`` keeps it."""
    bodies = requests()  # outside the session, which would keep the dice they are made with
    with serving() as url, recording(path), httpx.Client() as client:
        for body in bodies:
            client.post(url + PATH, content=body, headers=HEADERS)
    return Path(path).stat().st_size


@contextmanager
def chat(path: str) -> Iterator[Callable[[], int]]:
    import replay

    yield lambda: _kept(path, replay.record)


@contextmanager
def packed_chat(path: str) -> Iterator[Callable[[], int]]:
    import replay
    from replay.cassette.atomic import write_file
    from replay.cassette.file import File
    from replay.cassette.packed import pack_bytes

    def measure() -> int:
        _kept(path, replay.record)
        file = File(path)
        return write_file(f"{path}.zst", pack_bytes(file.source))

    yield measure


@contextmanager
def vcr_chat(path: str) -> Iterator[Callable[[], int]]:
    import vcr

    yield lambda: _kept(path, vcr.use_cassette)


@contextmanager
def cassetter_chat(path: str) -> Iterator[Callable[[], int]]:
    import cassetter

    yield lambda: _kept(path, cassetter.use_cassette)


SUBJECTS = (
    ("", chat, "chat.cassette", BUDGET),
    (", packed", packed_chat, "packed.cassette", None),
    (", vcrpy", vcr_chat, "vcr.yaml", None),
    (", cassetter", cassetter_chat, "cassetter.yaml", None),
)
"""What is told of whom, who it is, its file, its budget."""


def run(directory: Path, _large: bool) -> Iterable[Row]:
    sent = sum(map(len, requests()))
    assert sent >= SENT
    for name, make, file, budget in SUBJECTS:
        if make is cassetter_chat and find_spec("cassetter") is None:
            continue  # a peer that is measured where it is installed
        with subject(make, str(directory / file)) as measure:
            size = measure()
        yield Row(f"a chat of {TURNS} turns{name}", size, "bytes", budget, detail=f"{sent:,} bytes of request JSON")


BENCH = Bench("size", run)
