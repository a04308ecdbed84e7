"""Opening a cassette: all of it decoded, and up to the first answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.bench.cassettes import cassette
from tests.bench.cpu import Cpu
from tests.bench.rounds import in_turns, ratios, spread
from tests.bench.row import Bench, Row
from tests.bench.traffic import HEADERS, prompt

ROUNDS = 9


@contextmanager
def in_full(path: str) -> Iterator[Callable[[], float]]:
    """CPU seconds to open ``path`` and decode every event."""
    from replay.cassette import Reader

    def measure() -> float:
        before = Cpu.process()
        events = list(Reader(path).events)
        assert events[-1].answer is not None
        return Cpu.process() - before

    yield measure


@contextmanager
def first_answer(path: str, url: str) -> Iterator[Callable[[], float]]:
    """CPU seconds until the first call of a replay is answered, in a process that has replayed before."""
    import replay

    with httpx.Client() as client:

        def measure() -> float:
            before = Cpu.process()
            run = replay.play(path).__enter__()
            client.post(url, content=prompt(0), headers=HEADERS)
            taken = Cpu.process() - before
            run.__exit__(None, None, None)
            assert run.result.served == 1
            return taken

        yield measure


def run(directory: Path, large: bool) -> Iterable[Row]:
    path, _ = cassette(directory, 10_000)
    (full,) = in_turns(ROUNDS, (in_full, path))
    yield Row("10,000 calls in full", *_value(full), detail="CPU seconds")
    for most in (10_000, 100_000) if large else (10_000,):
        few, many = in_turns(
            ROUNDS, (first_answer, *cassette(directory, 100)), (first_answer, *cassette(directory, most))
        )
        value, low, high = spread(ratios(many, few))
        detail = f"{spread(many)[0] * 1e3:.2f} ms, {spread(few)[0] * 1e3:.2f} ms"
        yield Row(f"open and first answer: {most:,} events / 100", value, "x", 2.0, low, high, detail)


def _value(seconds: list[float]) -> tuple[float, str, float, float, float]:
    value, low, high = spread(seconds)
    return value, "s", 0.3, low, high


BENCH = Bench("open", run)
