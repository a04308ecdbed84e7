"""What a long stream takes in memory while it is recorded."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.bench.loopback import serving
from tests.bench.rounds import subject
from tests.bench.row import Bench, Row

MEBIBYTES = 256
WARM = 4
BUDGET = 16.0


def _peak() -> float:
    """The most memory that this process has had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _read(client: httpx.Client, url: str, mebibytes: int) -> None:
    with client.stream("GET", f"{url}/bytes/{mebibytes}") as response:
        for _ in response.iter_raw():
            pass


@contextmanager
def reader(url: str, path: str) -> Iterator[Callable[[], float]]:
    """MiB by which the peak grows between a short stream and a long one."""
    import replay

    with httpx.Client() as client, replay.record(path):
        _read(client, url, WARM)
        before = _peak()

        def measure() -> float:
            _read(client, url, MEBIBYTES)
            return _peak() - before

        yield measure


def run(directory: Path, _large: bool) -> Iterable[Row]:
    path = directory / "long.cassette"
    with serving() as url, subject(reader, url, str(path)) as measure:
        grown = measure()
    size = path.stat().st_size / (1 << 20)
    path.unlink()
    detail = f"{size:.0f} MiB written; {WARM} MiB before"
    yield Row(f"recorded stream of {MEBIBYTES} MiB: growth of the peak", grown, "MiB", BUDGET, detail=detail)


BENCH = Bench("memory", run)
