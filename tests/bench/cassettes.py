"""Cassettes of chat traffic, ours and vcrpy's, made once for each number of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import replay
from tests.bench.loopback import serving
from tests.bench.rounds import Make, subject
from tests.bench.sending import ROUND, sender
from tests.bench.traffic import HEADERS, PATH, answer, prompt


@contextmanager
def record_calls(path: str, calls: int, twin: str) -> Iterator[Callable[[], str]]:
    """A subject for :mod:`tests.bench.rounds` that records ``calls`` chat calls into ``path``: the URL that was asked.

    In rounds, like those that will replay it: with an asynchronous client each round is a task of its own.
    """
    bodies = [prompt(number) for number in range(calls)]
    with serving() as url, sender("httpx", url + PATH, None, twin) as send:
        with replay.record(path):
            for start in range(0, calls, ROUND):
                send(bodies[start : start + ROUND])
        yield lambda: url + PATH


@contextmanager
def record_places(path: str, calls: int) -> Iterator[Callable[[], str]]:
    """Like :func:`record_calls`, each call to a URL of its own: the one they begin with."""
    with serving() as url, httpx.Client() as client:
        with replay.record(path):
            for number in range(calls):
                client.post(place_of(url, number), content=prompt(number), headers=HEADERS)
        yield lambda: url


@contextmanager
def cassetter_calls(path: str, calls: int) -> Iterator[Callable[[], str]]:
    """Like :func:`record_calls`, kept by cassetter."""
    import cassetter

    with serving() as url, httpx.Client() as client:
        with cassetter.use_cassette(path, record_mode="all"):
            for number in range(calls):
                client.post(url + PATH, content=prompt(number), headers=HEADERS)
        yield lambda: url + PATH


def place_of(url: str, number: int) -> str:
    """A URL that is asked once."""
    return f"{url}/orders/{number}{PATH}"


def cassette(directory: Path, calls: int, twin: str = "sync") -> tuple[str, str]:
    """Path and URL of a recording of ``calls`` chat calls."""
    return _kept(directory / f"{calls}-{twin}.cassette", record_calls, calls, twin)


def places_cassette(directory: Path, calls: int) -> tuple[str, str]:
    """The same of calls to as many URLs, and what these begin with."""
    return _kept(directory / f"{calls}-places.cassette", record_places, calls)


def cassetter_cassette(directory: Path, calls: int) -> tuple[str, str]:
    """Path and URL of the calls as cassetter keeps them."""
    return _kept(directory / f"{calls}-cassetter.yaml", cassetter_calls, calls)


def _kept(path: Path, make: Make, *arguments: Any) -> tuple[str, str]:
    note = path.with_suffix(".url")
    if not note.exists():
        with subject(make, str(path), *arguments) as url:
            note.write_text(url())
    return str(path), note.read_text()


def vcr_cassette(directory: Path, calls: int, url: str) -> str:
    """The same calls as vcrpy keeps them, in its quicker format (JSON)."""
    from vcr.persisters.filesystem import FilesystemPersister
    from vcr.request import Request
    from vcr.serializers import jsonserializer

    path = directory / f"{calls}.json"
    if not path.exists():
        requests = [Request("POST", url, prompt(number), dict(HEADERS)) for number in range(calls)]
        fields = {"content-type": ["application/json"]}
        answers = [
            {
                "status": {"code": 200, "message": "OK"},
                "headers": fields,
                "body": {"string": answer(number).decode()},
            }
            for number in range(calls)
        ]
        FilesystemPersister.save_cassette(path, {"requests": requests, "responses": answers}, jsonserializer)
    return str(path)
