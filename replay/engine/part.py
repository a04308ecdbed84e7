"""A named part of a run: several tests that share one cassette, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from hashlib import blake2s

from replay.engine import lineage
from replay.engine.lineage import Node


@contextmanager
def part(name: str) -> Iterator[None]:
    """While it lasts, this code is a logical task of its own, whose address depends on ``name`` alone.

    So its requests, and its reads of the clock and the dice, stand in queues of their own: a part finds its own
    answers also when other parts are left out or come in another order. Outside a session it does nothing.
    """
    node = lineage.current()
    with lineage.bound(Node(node.session, address(node.address, name))) if node is not None else nullcontext():
        yield


def address(parent: str, name: str) -> str:
    """The address of the part ``name`` of the logical task ``parent``."""
    return f"{parent}/s{blake2s(name.encode(), digest_size=6).hexdigest()}"
