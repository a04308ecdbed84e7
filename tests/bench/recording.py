"""What recording adds to a live call on loopback, in CPU time of the client's process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.cpu import Cpu
from tests.bench.loopback import serving
from tests.bench.rounds import in_turns, ratios, spread
from tests.bench.row import Bench, Row
from tests.bench.traffic import HEADERS, PATH, prompt

ROUNDS = 120
LIBRARIES = ("httpx", "httpx2")
CALLS = 25
STREAMS = 3


def _chat(client: Any, url: str, number: int) -> None:
    client.post(url + PATH, content=prompt(number), headers=HEADERS)


def _stream(client: Any, url: str, _number: int, words: str = "stream") -> None:
    with client.stream("POST", f"{url}/{words}/200", content=b"{}", headers=HEADERS) as response:
        for _ in response.iter_bytes():
            pass


KINDS: dict[str, tuple[Callable[[Any, str, int], None], int]] = {
    "chat": (_chat, CALLS),
    "stream": (_stream, STREAMS),
    "suspect": (partial(_stream, words="suspect"), STREAMS),
}
ROWS: tuple[tuple[str, str, float | None], ...] = (
    ("chat", "one call", 1.2),
    ("stream", "a stream of 200 chunks", 1.6),
    ("suspect", "the same, 'token' in each chunk", None),
)


@contextmanager
def client_of(library: str, kind: str, url: str, path: str) -> Iterator[Callable[[], float]]:
    """A round of live calls; recorded into ``path`` unless that is empty."""
    import replay

    call, count = KINDS[kind]
    numbers = iter(range(10**9))
    with ExitStack() as stack:
        client = stack.enter_context(import_module(library).Client())
        if path:
            stack.enter_context(replay.record(path))

        def measure() -> float:
            before = Cpu.process()
            for _ in range(count):
                call(client, url, next(numbers))
            return (Cpu.process() - before) / count

        yield measure


def run(directory: Path, _large: bool) -> Iterable[Row]:
    with serving() as url:
        for library in LIBRARIES:
            for kind, what, budget in ROWS:
                path = str(directory / f"{library}-{kind}.cassette")
                live, recorded = in_turns(
                    ROUNDS, (client_of, library, kind, url, ""), (client_of, library, kind, url, path)
                )
                value, low, high = spread(ratios(recorded, live))
                detail = f"{spread(recorded)[0] * 1e6:.0f} µs, {spread(live)[0] * 1e6:.0f} µs"
                yield Row(f"{library}, {what}: recorded / live", value, "x", budget, low, high, detail)


BENCH = Bench("record", run)
