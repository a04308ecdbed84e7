from __future__ import annotations

import asyncio
import gc
import signal
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import replay


class Dropped:
    """Garbage that reads the clock when the collector finds it, as an open stream of httpx does."""

    def __init__(self, read: list[float]) -> None:
        self.read = read
        self.itself = self

    def __del__(self) -> None:
        self.read.append(time.monotonic())


@contextmanager
def collecting(threshold: int) -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()  # what other tests have left here takes a second to look through
    gc.set_threshold(threshold)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.collect()
        gc.unfreeze()


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    def over(_number: int, _frame: FrameType | None) -> Any:
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_read_by_what_the_collector_ends_moves_no_other_read(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with collecting(0):
        with replay.record(path):
            read: list[float] = []
            Dropped(read)
            first = time.monotonic()
            gc.collect()
            recorded = [first, time.monotonic(), time.monotonic()]
        assert len(read) == 1
        with replay.play(path) as run:
            Dropped([])
            served = [time.monotonic(), time.monotonic()]
            gc.collect()
            served.append(time.monotonic())
    assert served == recorded
    assert (run.result.overread, run.result.unread) == (0, 0)


def test_a_collection_at_any_moment_of_a_read_neither_takes_its_value_nor_hangs_the_program(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with replay.record(path):
        recorded = time.monotonic()
    with collecting(0):
        for allocations in range(1, 60):
            with deadline(60), replay.play(path):
                gc.collect()  # counts from here
                Dropped([])
                gc.set_threshold(allocations)
                served = time.monotonic()
                gc.set_threshold(0)
            assert served == recorded


class Owner:
    """A client that only a collection finds, and that then is closed in a task, as those of Mistral's SDK are."""

    def __init__(self) -> None:
        self.itself = self
        weakref.finalize(self, _close)


def _close() -> None:
    async def close() -> None:
        await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(close(), asyncio.get_running_loop())


def test_a_task_that_a_finalizer_makes_takes_nobodys_address(tmp_path: Path) -> None:
    @replay.tool
    async def look(number: int) -> int:
        return number

    async def agent(collected: int) -> Any:
        Owner()
        seen = []
        for number in range(2):
            if number == collected:
                gc.collect()
            await asyncio.sleep(0)
            seen.append(await asyncio.gather(look(1), look(2)))
        return seen

    with collecting(0):
        with replay.record(tmp_path / "run.cassette"):
            recorded = asyncio.run(agent(0))
        with replay.play(tmp_path / "run.cassette") as run:
            assert asyncio.run(agent(1)) == recorded
    assert run.result.identical, run.result
