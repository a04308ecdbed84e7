"""What a reader of a foreign format gives: events, what could not become one, and how things stood in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from replay.events import Answer, Chunk, End, Event, Head, Request

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Unimported:
    """A record of the file that is no event: ``place`` counts the file's records from 0, ``reason`` is in words.

    ``record`` is the record as plain data, so that nothing is lost (:mod:`replay.interop.plain`).
    """

    place: int
    reason: str
    record: Any


@dataclass(frozen=True, slots=True)
class Imported:
    """The contents of one foreign file.

    * ``events``: ids are places in the file from 0, in order of issue; nothing is redacted, no fingerprint is set,
      all are of lineage ``0`` and one after another in the schedule.
    * ``unimported``: the records that could not become events. Places of both together count up without a gap.
    * ``forms``: by event id, what an export needs to write the record again as it stood (:mod:`replay.interop.vcr`,
      :mod:`replay.interop.har`); an event that stood in the usual form has none.
    * ``format``: a key of :data:`replay.interop.formats.FORMATS`. ``top``: what the file says beside its records.
    * ``created``: ns since the epoch, 0 when the file does not tell.
    """

    format: str
    events: tuple[Event, ...]
    unimported: tuple[Unimported, ...] = ()
    forms: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    top: Mapping[str, Any] = field(default_factory=dict)
    created: int = 0


TICKS = 4
"""Places in the schedule that one event takes: its issue, head, body and end."""


def event(place: int, request: Request, head: Head, body: bytes, times: tuple[int, int, int] | None = None) -> Event:
    """The event of the record at ``place``. ``times``: ns of issue, head and end since the first; None: not known."""
    issued, answered, ended = times or (place, place, place)
    tick = place * TICKS
    chunks = (Chunk(body, ended, tick + 2),) if body else ()
    answer = Answer(head, answered, tick + 1, chunks, End(), ended, tick + 3)
    return Event(place, request, number=place, at=issued, tick=tick, answer=answer)
