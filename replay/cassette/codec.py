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
from replay.canon.weight import load_json
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
    fields = json.loads(data.decode())
    entry = fields.pop("entry")
    del fields["format"]
    for wanted, names in HEADER_TYPES.items():
        _require(wanted, *(fields[name] for name in names))
    _require(str, *(entry[name] for name in ("node", "function", "python")))
    _require(str, *entry["argv"], *fields["swaps"], *fields["tags"].values())
    _require(int, *fields["behaviour"].values())
    made = Entry(**{**entry, "argv": tuple(entry["argv"])})
    return Header(**{**fields, "entry": made, "swaps": tuple(fields["swaps"])})


def encode_issue(event: Event, stock: Stock, reads: list[Any] | None) -> list[Any]:
    """All of ``event`` but its answer, and the encoded reads that came before it."""
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
        reads,
    ]


def decode_issue(payload: Any, shelf: Shelf, writer: int, answer: Answer | None) -> Event:
    _, id, lineage, mark, number, at, tick, parent, where, *rest = payload
    origin, kind, action, target, effect, fields, body, _ = rest
    if kind not in KINDS or effect not in EFFECTS or origin not in ORIGINS:
        raise CassetteError(f"event {id} is of a kind that this version does not know", hint="a newer version may")
    _require(int, id, number, at, tick, 0 if parent is None else parent)
    _require(str, lineage)
    _require(bytes, mark)
    text = shelf.text
    what, whom = text(writer, action), text(writer, target)
    request = Request(kind, what, whom, shelf.headers(writer, fields), shelf.data(writer, body), effect)
    return Event(id, request, lineage, number, at, tick, parent, mark, text(writer, where), origin, answer)


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
    """Puts an answer together from the payloads of its parts frames, given in file order.

    ``size``: bytes of chunks so far, and, to begin with, of parts that somebody else has put together.
    """

    def __init__(self, shelf: Shelf, size: int = 0) -> None:
        self._shelf = shelf
        self._head: HeadAt = NO_HEAD
        self._chunks: list[Chunk] = []
        self._end: EndAt = NO_END
        self.size = size

    def add(self, payload: Any, writer: int) -> None:
        _, _, head, ats, ticks, datas, end, _ = payload
        if head is not None:
            self._head = _decode_head(head, self._shelf, writer)
        chunks = _decode_chunks(ats, ticks, datas, self._shelf, writer, self.size)
        self.size += sum([len(chunk.data) for chunk in chunks])
        self._chunks += chunks
        if end is not None:
            self._end = _decode_end(end, self._shelf, writer)

    @property
    def ended(self) -> bool:
        """Whether the answer's end has come, after which nothing does."""
        return self._end is not NO_END

    def answer(self) -> Answer | None:
        if self._head is NO_HEAD and not self._chunks and not self.ended:
            return None
        return Answer(*self._head, tuple(self._chunks), *self._end)


def decode_whole(payload: Any, shelf: Shelf, writer: int) -> Answer | None:
    """The answer, if this is all of it; None if not. What :class:`AnswerParts` does, for the most common case."""
    _, _, head, ats, ticks, datas, end, _ = payload
    if end is None:
        return None
    first = NO_HEAD if head is None else _decode_head(head, shelf, writer)
    chunks = _decode_chunks(ats, ticks, datas, shelf, writer, 0)
    last = _decode_end(end, shelf, writer)
    return Answer(first[0], first[1], first[2], (*chunks,), last[0], last[1], last[2])


HeadAt = tuple[Head | None, int, int]
EndAt = tuple[End | None, int, int]
NO_HEAD: HeadAt = (None, 0, 0)
NO_END: EndAt = (None, 0, 0)
PLAIN_ENDS = {ending: End(ending) for ending in get_args(Ending)}


def _decode_head(head: Any, shelf: Shelf, writer: int) -> HeadAt:
    at, tick, status, reason, version, fields = head
    if not (type(at) is type(tick) is type(status) is int):
        _require(int, at, tick, status)
    return shelf.head(writer, status, reason, version, fields), at, tick


INLINE = frozenset([bytes])
"""The type of chunks that stand where they are, and so cannot be more than the file."""


def _decode_chunks(ats: Any, ticks: Any, datas: Any, shelf: Shelf, writer: int, size: int) -> list[Chunk]:
    """The chunks, which come after ``size`` bytes of the same answer."""
    if len(datas) == len(ats) == len(ticks) == 1:
        at, tick, data = ats[0], ticks[0], datas[0]
        if type(at) is type(tick) is int:
            return [Chunk(data if type(data) is bytes else shelf.data(writer, data, size), at, tick)]
    _require(int, *ats, *ticks)
    timed = zip(accumulate(ats), accumulate(ticks), datas, strict=True)
    if INLINE.issuperset(map(type, datas)):
        return [Chunk(item, at, tick) for at, tick, item in timed]
    chunks = []
    for at, tick, item in timed:
        data = item if type(item) is bytes else shelf.data(writer, item, size)
        size += len(data)
        chunks.append(Chunk(data, at, tick))
    return chunks


def _decode_end(end: Any, shelf: Shelf, writer: int) -> EndAt:
    at, tick, ending, failure = end
    if not (type(at) is type(tick) is int):
        _require(int, at, tick)
    plain = PLAIN_ENDS.get(ending)
    if plain is None:
        raise CassetteError(f"an answer ends in an unknown way, {ending!r}", hint="a newer version may know it")
    if failure is None:
        return plain, at, tick
    name, message, state = failure
    words = shelf.data(writer, message).decode("utf-8", "surrogatepass")
    return End(ending, Failure(shelf.text(writer, name), words, shelf.data(writer, state))), at, tick


NUMBERS = frozenset([int, float])
LEAST, MOST = -(2**63), 2**64 - 1


def encode_reads(lineage: str, source: str, read: list[Any], stock: Stock) -> list[Any]:
    """Numbers as they are, everything else as JSON. Raises what :func:`replay.canon.values.dump` does."""
    if NUMBERS.issuperset(map(type, read)) and all(LEAST <= value <= MOST for value in read if type(value) is int):
        return [lineage, stock.text(source), read, None]
    return [lineage, stock.text(source), None, stock.data(values.dump(read))]


def decode_reads(item: Any, shelf: Shelf, writer: int) -> Reads:
    lineage, source, numbers, data = item
    _require(str, lineage)
    if numbers is None:
        numbers = values.load(shelf.data(writer, data))
    elif not NUMBERS.issuperset(map(type, numbers)):
        raise TypeError("numbers expected")
    return Reads(lineage, shelf.text(writer, source), tuple(numbers))


def encode_note(note: Note, stock: Stock) -> list[Any]:
    return [None, note.kind, stock.body(orjson.dumps(note.data))]


def decode_note(payload: Any, shelf: Shelf, writer: int) -> Note:
    _, kind, data = payload
    _require(str, kind)
    return Note(kind, load_json(shelf.data(writer, data)))
