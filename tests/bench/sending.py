"""Clients that send prompts, and tell what that cost them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import repeat
from typing import Any

from tests.bench.cpu import Cpu
from tests.bench.traffic import HEADERS

ROUND = 100
"""Calls in one round."""


def send_to(client: Any, urls: Iterable[str], bodies: list[bytes]) -> float:
    """CPU seconds for one call after the other."""
    before = Cpu.thread()
    for url, body in zip(urls, bodies, strict=False):
        client.post(url, content=body, headers=HEADERS)
    return Cpu.thread() - before


def _asend(client: Any, url: str, bodies: list[bytes], run: Callable[[Any], Any]) -> float:
    async def all_of_them() -> float:
        before = Cpu.thread()
        for body in bodies:
            await client.post(url, content=body, headers=HEADERS)
        return Cpu.thread() - before

    seconds: float = run(all_of_them())
    return seconds


@contextmanager
def sender(library: str, url: str, transport: Any, twin: str) -> Iterator[Callable[[list[bytes]], float]]:
    """CPU seconds that a client of ``library`` needs to send prompts to ``url``; ``twin``: ``sync`` or ``async``."""
    module = import_module(library)
    if twin == "sync":
        with module.Client(transport=transport) as client:
            yield lambda bodies: send_to(client, repeat(url), bodies)
        return
    with asyncio.Runner() as runner:
        client = module.AsyncClient(transport=transport)
        yield lambda bodies: _asend(client, url, bodies, runner.run)
        runner.run(client.aclose())
