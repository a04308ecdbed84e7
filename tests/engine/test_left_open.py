"""A stream that the program has dropped, and that no collection has closed when the session ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import replay
from tests.taps.server import CHUNKED, Server, chunk, head, serving

PIECES = [b'data: {"text": "It is"}\n\nda', b'ta: {"text": " leaking."}\n\ndata: {"te']
"""As a network hands them over: cut anywhere."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def left() -> Iterator[list[Any]]:
    """Clients and their responses, kept from the collector until the test ends."""
    left: list[Any] = []
    yield left
    for one in left:
        one.close()


def stream(server: Server, *pieces: bytes) -> str:
    """The URL of a stream that stays open after ``pieces``."""
    fields = (CHUNKED, "Content-Type: text/event-stream")
    return server.on("/stream", head(*fields), *map(chunk, pieces), threading.Event())


def begin(url: str, size: int, left: list[Any]) -> bytes:
    """Read ``size`` bytes, and go away without closing."""
    client = httpx.Client()
    response = client.send(client.build_request("GET", url), stream=True)
    left.extend([response, client])
    read = b""
    for piece in response.iter_raw():
        read += piece
        if len(read) == size:
            break
    return read


def test_a_stream_left_open_keeps_all_that_the_program_had_of_it(
    server: Server, left: list[Any], tmp_path: Path
) -> None:
    path, whole = tmp_path / "run.cassette", b"".join(PIECES)
    url = stream(server, *PIECES)
    with replay.record(path):
        assert begin(url, len(whole), left) == whole
    with replay.play(path) as run:
        assert begin(url, len(whole), left) == whole
    assert run.result.identical, run.result


def test_what_a_stream_left_open_ended_with_is_kept_without_its_secrets(
    server: Server, left: list[Any], tmp_path: Path
) -> None:
    path, secret = tmp_path / "run.cassette", b"sk-proj-" + b"Ab3" * 16
    with replay.record(path):
        begin(stream(server, b"data: key=" + secret), len(secret) + 10, left)
    assert b"data: key=" in path.read_bytes()
    assert secret not in path.read_bytes()
