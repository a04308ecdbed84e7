"""One hash for what happened in a run: two runs with the same hash cannot be told apart by what crossed the boundary.

It covers every request (its canonical form, the task that made it and its number there), every part of every answer to
the byte, how each answer ended, in which order all this happened, and the run's output. It leaves out when: ``at``, the
header, ids, call sites, and where an answer came from. So a fork that a faithful replay writes has its parent's hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

import orjson

from replay.events import Event

SIZE = 16


def event_hash(events: Iterable[Event], output: Any = None) -> str:
    """32 hexadecimal digits. ``output``: the run's result, as JSON-like data.

    Each process of a run has a schedule of its own, so the order between processes takes no part.
    """
    digest = blake2b(orjson.dumps(output, option=orjson.OPT_SORT_KEYS), digest_size=SIZE)
    for process, _, *what in moments(events):
        for field in (process, *what):
            raw = field if isinstance(field, bytes) else str(field).encode("utf-8", "surrogatepass")
            digest.update(b"%d:%s" % (len(raw), raw))
    return digest.hexdigest()


Moment = tuple[str, int, str, int, int, str, bytes]
"""Process, tick, lineage, number, place among the moments of that event, what happened, and its bytes."""


def moments(events: Iterable[Event]) -> list[Moment]:
    """All that the hash covers, process by process in the order in which it happened.

    Two runs are alike when their moments are, but for the ticks.
    """
    return sorted(moment for event in events if not _is_in_tool(event.lineage) for moment in _moments(event))


def _moments(event: Event) -> Iterator[Moment]:
    process, lineage, number = process_of(event.lineage), event.lineage, event.number
    yield (process, event.tick, lineage, number, 0, "issue", event.fingerprint)
    answer = event.answer
    if answer is None:
        return
    if answer.head is not None:
        head = answer.head
        fields = orjson.dumps([head.status, head.reason, head.http_version, head.headers])
        yield (process, answer.head_tick, lineage, number, 1, "head", fields)
    for place, chunk in enumerate(answer.chunks, 2):
        yield (process, chunk.tick, lineage, number, place, "chunk", chunk.data)
    if answer.end is not None:
        failure = answer.end.failure
        said = orjson.dumps([failure.name, failure.message]) + failure.state if failure is not None else b""
        yield (process, answer.end_tick, lineage, number, len(answer.chunks) + 2, answer.end.ending, said)


def process_of(lineage: str) -> str:
    """The address of the main task of the process that ``lineage`` belongs to."""
    parts = lineage.split("/")
    last = max((place for place, part in enumerate(parts) if part.startswith("p")), default=0)
    return "/".join(parts[: last + 1])


def _is_in_tool(lineage: str) -> bool:
    return any(part.startswith("c") for part in lineage.split("/"))
