"""Ctrl-C between two calls: a replay raises it at the same place, and does not wait for it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import replay
from tests.determinism.server import random_server

NEVER = 1000.0


@pytest.fixture
def interrupt_soon() -> Iterator[Callable[[], None]]:
    """Has a signal come that is handled as Ctrl-C is, while the program sleeps."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.5)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def agent(url: str, log: list[int | str], interrupt: Callable[[], None]) -> None:
    log.append(httpx.post(f"{url}/ask", json={"q": len(log)}).json()["answer"])
    time.sleep(0.001)
    interrupt()
    try:
        time.sleep(NEVER)
    except KeyboardInterrupt:
        log.append("interrupted")
    log.append(httpx.post(f"{url}/ask", json={"q": log}).json()["answer"])
    interrupt()
    time.sleep(NEVER)


def test_an_interrupted_sleep_is_interrupted_again(tmp_path: Path, interrupt_soon: Callable[[], None]) -> None:
    path = tmp_path / "run.cassette"
    recorded: list[int | str] = []
    with random_server() as url, pytest.raises(KeyboardInterrupt), replay.record(path):
        agent(url, recorded, interrupt_soon)
    assert recorded[1] == "interrupted"
    replayed: list[int | str] = []
    with pytest.raises(KeyboardInterrupt), replay.play(path) as run:
        agent(url, replayed, lambda: None)
    assert replayed == recorded
    assert run.result.identical
