"""What a read of the clock or the dice costs inside a session."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from tests.bench.cpu import Cpu
from tests.bench.rounds import in_turns, spread
from tests.bench.row import Bench, Row

READS = 2_000
ROUNDS = 15
SOURCES: dict[str, Callable[[], object]] = {
    "time.time()": lambda: time.time(),
    "time.perf_counter()": lambda: time.perf_counter(),
    "datetime.now()": lambda: datetime.now(),
    "random.random()": lambda: random.random(),
    "uuid.uuid4()": lambda: uuid.uuid4(),
}


@contextmanager
def reading(source: str, mode: str, path: str) -> Iterator[Callable[[], float]]:
    """Nanoseconds a read. A round of a replay has a session of its own, since a recorded read is served once."""
    import replay

    read = SOURCES[source]

    def many() -> float:
        before = Cpu.thread()
        for _ in range(READS):
            read()
        return (Cpu.thread() - before) / READS * 1e9

    def played() -> float:
        with replay.play(path):
            return many()

    with ExitStack() as stack:
        if mode == "play":
            with replay.record(path):
                many()
        elif mode == "record":
            stack.enter_context(replay.record(path))
        yield played if mode == "play" else many


def run(directory: Path, _large: bool) -> Iterable[Row]:
    for source in SOURCES:
        paths = [str(directory / f"reads-{mode}.cassette") for mode in ("record", "play")]
        plain, recorded, played = in_turns(
            ROUNDS,
            (reading, source, "plain", ""),
            (reading, source, "record", paths[0]),
            (reading, source, "play", paths[1]),
        )
        before = spread(plain)[0]
        for mode, values in (("recorded", recorded), ("replayed", played)):
            value, low, high = spread(values)
            yield Row(f"{source}, {mode}", value - before, "ns", None, low - before, high - before, f"on {before:.0f}")


BENCH = Bench("reads", run)
