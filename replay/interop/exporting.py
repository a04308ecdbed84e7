"""A cassette as records of a foreign format, imported or recorded by us: what a writer of a format is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from replay.dialects.cassette import Cassette
from replay.events import Event
from replay.interop.keeping import FORM, KIND, LEFT_OUT

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event that the format has no place for. ``event`` is its id, ``reason`` in words."""

    event: int
    reason: str


@dataclass(frozen=True, slots=True)
class Exported:
    """``text`` is the file. ``records``: how many it holds; ``left_out``: what it does not."""

    text: str
    records: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record to write: an exchange with the form it once stood in, or a ``foreign`` one to put back as it was."""

    event: Event | None = None
    form: Form = field(default_factory=dict)
    foreign: Any = None


def records_of(cassette: Cassette, format: str) -> tuple[list[Record], list[LeftOut]]:
    """What ``cassette`` has for a file of ``format``, in order, and the events that are no exchange with an answer.

    The records that could not be imported are put back in their places if they came from the same format.
    """
    forms = forms_of(cassette) if imported_from(cassette).get("format") == format else {}
    records: list[Record] = []
    left_out: list[LeftOut] = []
    for event in cassette.events:
        why = _why_not(event)
        if not why:
            records.append(Record(event, forms.get(event.id, {})))
        elif event.request.kind != "span":
            left_out.append(LeftOut(event.id, why))
    if imported_from(cassette).get("format") == format:
        for place, foreign in sorted(_foreign(cassette), key=lambda each: each[0]):
            records.insert(place, Record(foreign=foreign))
    return records, left_out


def imported_from(cassette: Cassette) -> Mapping[str, Any]:
    """What the import noted: ``format``, ``name`` and ``top``; empty for a cassette that we recorded."""
    return next((note.data for note in cassette.notes if note.kind == KIND and isinstance(note.data, dict)), {})


def forms_of(cassette: Cassette) -> dict[int, Form]:
    """Event id -> the form of its record."""
    notes = [note.data for note in cassette.notes if note.kind == FORM and isinstance(note.data, dict)]
    return {data["event"]: data for data in notes if isinstance(data.get("event"), int)}


def _foreign(cassette: Cassette) -> Iterable[tuple[int, Any]]:
    for note in cassette.notes:
        if note.kind == LEFT_OUT and isinstance(note.data, dict) and isinstance(note.data.get("place"), int):
            yield note.data["place"], note.data.get("record")


def _why_not(event: Event) -> str:
    if event.request.kind != "http":
        return f"a {event.request.kind}: the format holds HTTP alone"
    answer = event.answer
    if answer is None or answer.head is None:
        why = answer.failure.name if answer is not None and answer.failure is not None else "the run ended before"
        return f"no answer came ({why})"
    return ""
