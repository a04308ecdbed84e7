"""The clock that a cookie jar reads does not shift the clock that the program reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

import replay
from tests.determinism.server import random_server


@pytest.mark.parametrize("client", [httpx.Client, requests.Session])
def test_times_between_calls_are_the_recorded_ones(tmp_path: Path, client: Callable[[], Any]) -> None:
    def agent() -> list[object]:
        with client() as session:
            return [(session.post(f"{url}/ask", json={}).json()["answer"], time.time_ns()) for _ in range(3)]

    with random_server() as url, replay.record(tmp_path / "a.cassette"):
        recorded = agent()
    with replay.play(tmp_path / "a.cassette") as run:
        again = agent()
    assert again == recorded
    assert (run.result.unread, run.result.overread) == (0, 0)
