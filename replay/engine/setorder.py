"""Sets of tasks and futures come in the same order in every run.

Python orders a set by hash, and the hash of a task or future is its address in memory: ``for task in pending:
task.cancel()`` goes another way in every process. So within a session their hash is a number made of the lineage that
made them, and of how many it had made: as arbitrary as an address, but the same when the program runs again.
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections.abc import Callable
from concurrent import futures
from typing import Any
from zlib import crc32

from replay.engine.lineage import Node, parent
from replay.taps.patch import wrap


class Task(asyncio.Task[Any]):
    """A task of a session's program. Its hash is taken before ``__init__`` has ended: asyncio keeps a set of all."""

    def __hash__(self) -> int:
        return _hash_of(self)


class Future(asyncio.Future[Any]):
    """A future that an event loop made for a session's program."""

    def __hash__(self) -> int:
        return _hash_of(self)


def attach() -> None:
    """Patch the places where futures are made or hashed. Idempotent."""
    wrap(base_events.BaseEventLoop, "create_future", _create_future)
    wrap(futures.Future, "__hash__", lambda original: _hash_of)


def make_task(loop: Any, coro: Any, **options: Any) -> Task:
    """A task factory (:meth:`asyncio.loop.set_task_factory`)."""
    return Task(coro, loop=loop, **options)


def _create_future(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_future(self: Any) -> asyncio.Future[Any]:
        return original(self) if parent() is None else Future(loop=self)

    return create_future


def _hash_of(thing: Any) -> int:
    known: int | None = getattr(thing, "_replay_hash", None)
    if known is None:
        node = parent()
        known = object.__hash__(thing) if node is None else _next(node)
        thing._replay_hash = known
    return known


def _next(node: Node) -> int:
    node.hashed += 1
    return crc32(b"%s:%d" % (node.address.encode(), node.hashed))
