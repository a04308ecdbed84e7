"""How much later a program sees the first chunk of a stream while it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.bench.cpu import Cpu
from tests.bench.loopback import LATE, serving
from tests.bench.rounds import in_turns, spread
from tests.bench.row import Bench, Row

ROUNDS = 60
BUDGET = 1.0


@contextmanager
def reader(url: str, path: str) -> Iterator[Callable[[], float]]:
    """Milliseconds from asking to the first chunk, of a stream whose second chunk comes later."""
    import replay

    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client())
        if path:
            stack.enter_context(replay.record(path))

        def measure() -> float:
            before = Cpu.wall()
            with client.stream("GET", f"{url}/late/1") as response:
                chunks = response.iter_bytes()
                next(chunks)
                first = Cpu.wall() - before
                for _ in chunks:
                    pass
            assert first < LATE < Cpu.wall() - before, "the first chunk waited for the second"
            return first * 1e3

        yield measure


def run(directory: Path, _large: bool) -> Iterable[Row]:
    with serving() as url:
        live, recorded = in_turns(ROUNDS, (reader, url, ""), (reader, url, str(directory / "first.cassette")))
    value, low, high = spread([mine - theirs for mine, theirs in zip(recorded, live, strict=True)])
    detail = f"{spread(recorded)[0]:.2f} ms, {spread(live)[0]:.2f} ms"
    yield Row("first chunk: recorded - live", value, "ms", BUDGET, low, high, detail)


BENCH = Bench("first-chunk", run)
