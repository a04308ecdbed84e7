"""The other clients: a replayed and a recorded call beside the live one on loopback, which is all that they have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.cpu import Cpu
from tests.bench.loopback import serving
from tests.bench.rounds import in_turns, ratios, spread
from tests.bench.row import Bench, Row
from tests.bench.traffic import HEADERS, PATH, prompt

ROUNDS = 30
CALLS = 25
LIBRARIES = ("requests", "aiohttp")
Send = Callable[[list[bytes]], None]


@contextmanager
def _requests(url: str) -> Iterator[Send]:
    import requests

    with requests.Session() as client:

        def send(bodies: list[bytes]) -> None:
            for body in bodies:
                client.post(url, data=body, headers=HEADERS).json()

        yield send


@contextmanager
def _aiohttp(url: str) -> Iterator[Send]:
    import aiohttp

    async def ask(client: Any, bodies: list[bytes]) -> None:
        for body in bodies:
            async with client.post(url, data=body, headers=HEADERS) as answer:
                await answer.json()

    async def client() -> Any:
        return aiohttp.ClientSession()

    with asyncio.Runner() as runner:
        session = runner.run(client())
        yield lambda bodies: runner.run(ask(session, bodies))
        runner.run(session.close())


CLIENTS = {"requests": _requests, "aiohttp": _aiohttp}


@contextmanager
def calling(library: str, url: str, path: str, mode: str) -> Iterator[Callable[[], float]]:
    """CPU seconds of a call; ``mode``: ``live``, ``record`` into ``path``, or ``play`` from it."""
    import replay

    numbers = iter(range(10**9))
    with ExitStack() as stack:
        if mode == "record":
            stack.enter_context(replay.record(path))
        if mode == "play":
            with replay.record(path), CLIENTS[library](url + PATH) as send:
                for _ in range(ROUNDS + 1):
                    send([prompt(next(numbers)) for _ in range(CALLS)])
            numbers = iter(range(10**9))
            stack.enter_context(replay.play(path))
        send = stack.enter_context(CLIENTS[library](url + PATH))

        def measure() -> float:
            bodies = [prompt(next(numbers)) for _ in range(CALLS)]
            before = Cpu.process()
            send(bodies)
            return (Cpu.process() - before) / CALLS

        yield measure


def run(directory: Path, _large: bool) -> Iterable[Row]:
    with serving() as url:
        for library in LIBRARIES:
            files = [str(directory / f"{library}-{mode}.cassette") for mode in ("record", "play")]
            live, recorded, replayed = in_turns(
                ROUNDS,
                (calling, library, url, "", "live"),
                (calling, library, url, files[0], "record"),
                (calling, library, url, files[1], "play"),
            )
            for what, mine in (("replayed", replayed), ("recorded", recorded)):
                value, low, high = spread(ratios(mine, live))
                detail = f"{spread(mine)[0] * 1e6:.0f} µs, {spread(live)[0] * 1e6:.0f} µs"
                yield Row(f"{library}, one call: {what} / live", value, "x", None, low, high, detail)


BENCH = Bench("clients", run)
