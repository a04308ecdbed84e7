"""Two runs of 2,000 steps compared: opened, aligned, marked, the first difference and its cause found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench.cpu import Cpu
from tests.bench.rounds import in_turns, spread
from tests.bench.row import Bench, Row
from tests.diff.planting import LIGHT_CHANGES
from tests.diff.trajectories import Trajectory, Turn, generated, reworded

STEPS = 2000
CHAT = 40
"""Steps of one conversation: histories that go on for 2,000 steps would measure how fast JSON is read."""

BUDGET = 2.0
ROUNDS = 5

Runs = list[list[Turn]]


def plain(chats: Sequence[Trajectory]) -> Runs:
    return [list(chat.turns) for chat in chats]


def light(chats: Sequence[Trajectory]) -> Runs:
    """One change in each conversation, so that every later request of it differs."""
    rng = random.Random(1)
    pool = [turn for chat in chats for turn in chat.turns]
    return [LIGHT_CHANGES[at % len(LIGHT_CHANGES)](list(chat.turns), pool, rng) for at, chat in enumerate(chats)]


def throughout(chats: Sequence[Trajectory]) -> Runs:
    """Two fifths of the words of every step."""
    rng = random.Random(2)
    return [[reworded(turn, 0.4, rng) for turn in chat.turns] for chat in chats]


def unrelated(chats: Sequence[Trajectory]) -> Runs:
    return plain(conversations(first=1000))


KINDS = (light, throughout, unrelated)


def conversations(first: int = 0) -> list[Trajectory]:
    return [generated(first + number, CHAT) for number in range(STEPS // CHAT)]


def write(path: Path, chats: Sequence[Trajectory], runs: Runs) -> str:
    """One cassette of all conversations, one after the other."""
    from replay.cassette import Writer
    from replay.events import Header

    writer = Writer.create(str(path), Header(run=path.stem, created=0))
    for chat, turns in zip(chats, runs, strict=True):
        for event in chat.render(turns):
            id = writer.next_id()
            writer.issue(replace(event, id=id, number=id, tick=id, at=id, answer=None))
            assert event.answer is not None and event.answer.head is not None and event.answer.end is not None
            for part in (event.answer.head, *event.answer.chunks, event.answer.end):
                writer.parts(id, [part], id, id)
    writer.close()
    return str(path)


@contextmanager
def compared(a: str, b: str) -> Iterator[Callable[[], float]]:
    """CPU seconds of the comparison of two files."""
    import replay

    def measure() -> float:
        before = Cpu.process()
        found = replay.diff(a, b)
        assert found.first is not None and found.first.cause is not None
        return Cpu.process() - before

    yield measure


def run(directory: Path, _large: bool) -> Iterable[Row]:
    chats = conversations()
    a = write(directory / "a.cassette", chats, plain(chats))
    for kind in KINDS:
        b = write(directory / f"{kind.__name__}.cassette", chats, kind(chats))
        (seconds,) = in_turns(ROUNDS, (compared, a, b))
        value, low, high = spread(seconds)
        yield Row(f"diff of 2 x {STEPS:,} steps, {kind.__name__}", value, "s", BUDGET, low, high, "CPU seconds")


BENCH = Bench("diff", run)
