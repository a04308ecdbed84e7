"""Events as frame payloads and back. FORMAT.md lists the fields; a payload's first item is a section of new blobs.

Whatever a payload holds, decoding gives an event or raises :class:`replay.errors.CassetteError`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import accumulate
from typing import Any, get_args

import orjson

from replay.canon import values
from replay.cassette.frame import FORMAT
from replay.cassette.shelf import Shelf
from replay.cassette.stock import Stock
from replay.errors import CassetteError
from replay.events import (
    Answer,
    Chunk,
    Effect,
    End,
    Ending,
    Entry,
    Event,
    Failure,
    Head,
    Header,
    Kind,
    Note,
    Origin,
    Reads,
    Request,
)

KINDS = frozenset(get_args(Kind))
EFFECTS = frozenset([None, *get_args(Effect)])
ORIGINS = frozenset(get_args(Origin))
ENDINGS = frozenset(get_args(Ending))

HEADER_TYPES: dict[type, tuple[str, ...]] = {
    str: ("run", "tool", "python", "platform", "hash_seed", "parent"),
    int: ("created",),
    dict: ("tags", "behaviour"),
    list: ("swaps",),
}


def encode_header(header: Header) -> list[Any]:
    # Not orjson: an argument may hold bytes that are not UTF-8.
    return [json.dumps({"format": FORMAT, **asdict(header)}).encode()]


def decode_header(payload: Any) -> Header:
    (data,) = payload
    fields = json.loads(data)
    entry = fields.pop("entry")
    del fields["format"]
    for wanted, names in HEADER_TYPES.items():
        _require(wanted, *(fields[name] for name in names))
    _require(str, *(entry[name] for name in ("node", "function", "python")))
    _require(str, *entry["argv"], *fields["swaps"], *fields["tags"].values())
    _require(int, *fields["behaviour"].values())
    made = Entry(**{**entry, "argv": tuple(entry["argv"])})
    return Header(**{**fields, "entry": made, "swaps": tuple(fields["swaps"])})


def encode_issue(event: Event, stock: Stock) -> list[Any]:
    """All of ``event`` but its answer."""
    request = event.request
    return [
        None,
        event.id,
        event.lineage,
        event.fingerprint,
        event.number,
        event.at,
        event.tick,
        event.parent,
        stock.text(event.where),
        event.origin,
        request.kind,
        stock.text(request.action),
        stock.text(request.target),
        request.effect,
        stock.headers(request.headers),
        stock.body(request.body),
    ]


def decode_issue(payload: Any, shelf: Shelf, writer: int, answer: Answer | None) -> Event:
    _, id, lineage, mark, number, at, tick, parent, where, origin, kind, action, target, effect, fields, body = payload
    if kind not in KINDS or effect not in EFFECTS or origin not in ORIGINS:
        raise CassetteError(f"event {id} is of a kind that this version does not know", hint="a newer version may")
    _require(int, id, number, at, tick, 0 if parent is None else parent)
    _require(str, lineage)
    _require(bytes, mark)
    text = shelf.text
    what, whom = text(writer, action), text(writer, target)
    request = Request(kind, what, whom, shelf.headers(writer, fields), shelf.data(writer, body), effect)
    return Event(id, request, lineage, number, at, tick, parent, mark, text(writer, where), origin, answer)


def decode_tick(payload: Any) -> int:
    """The tick of an issue, and nothing else of it."""
    tick: int = payload[6]
    _require(int, tick)
    return tick


def _require(kind: type, *found: Any) -> None:
    for value in found:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")


def encode_head(head: Head, at: int, tick: int, stock: Stock) -> list[Any]:
    return [at, tick, head.status, stock.text(head.reason), stock.text(head.http_version), stock.headers(head.headers)]


def encode_end(end: End, at: int, tick: int, stock: Stock) -> list[Any]:
    failure = end.failure
    if failure is None:
        return [at, tick, end.ending, None]
    message = failure.message.encode("utf-8", "surrogatepass")
    return [at, tick, end.ending, [stock.text(failure.name), stock.data(message), stock.data(failure.state)]]


class AnswerParts:
    """Puts an answer together from the payloads of its parts frames, given in file order."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._head: Head | None = None
        self._head_at = self._head_tick = self._end_at = self._end_tick = 0
        self._chunks: list[Chunk] = []
        self._end: End | None = None

    def add(self, payload: Any, writer: int) -> None:
        _, _, head, ats, ticks, datas, end = payload
        if head is not None:
            self._add_head(head, writer)
        _require(int, *ats, *ticks)
        data = self._shelf.data
        for at, tick, item in zip(accumulate(ats), accumulate(ticks), datas, strict=True):
            self._chunks.append(Chunk(item if type(item) is bytes else data(writer, item), at, tick))
        if end is not None:
            self._add_end(end, writer)

    @property
    def ended(self) -> bool:
        """Whether the answer's end has come, after which nothing does."""
        return self._end is not None

    def answer(self) -> Answer | None:
        if self._head is None and not self._chunks and self._end is None:
            return None
        return Answer(
            self._head, self._head_at, self._head_tick, tuple(self._chunks), self._end, self._end_at, self._end_tick
        )

    def _add_head(self, head: Any, writer: int) -> None:
        self._head_at, self._head_tick, status, reason, version, fields = head
        _require(int, self._head_at, self._head_tick, status)
        self._head = self._shelf.head(writer, status, reason, version, fields)

    def _add_end(self, end: Any, writer: int) -> None:
        self._end_at, self._end_tick, ending, failure = end
        _require(int, self._end_at, self._end_tick)
        if ending not in ENDINGS:
            raise CassetteError(f"an answer ends in an unknown way, {ending!r}", hint="a newer version may know it")
        made = None
        if failure is not None:
            name, message, state = failure
            words = self._shelf.data(writer, message).decode("utf-8", "surrogatepass")
            made = Failure(self._shelf.text(writer, name), words, self._shelf.data(writer, state))
        self._end = End(ending, made)


def encode_reads(reads: Reads, stock: Stock) -> list[Any]:
    return [None, reads.lineage, reads.source, stock.data(values.dump(list(reads.values)))]


def decode_reads(payload: Any, shelf: Shelf, writer: int) -> Reads:
    _, lineage, source, data = payload
    _require(str, lineage, source)
    return Reads(lineage, source, tuple(values.load(shelf.data(writer, data))))


def encode_note(note: Note, stock: Stock) -> list[Any]:
    return [None, note.kind, stock.body(orjson.dumps(note.data))]


def decode_note(payload: Any, shelf: Shelf, writer: int) -> Note:
    _, kind, data = payload
    _require(str, kind)
    return Note(kind, orjson.loads(shelf.data(writer, data)))
