"""Opening a cassette. Nothing is decoded before it is asked for; a sealed file opens by its index, without a scan."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import count
from typing import Any, TypeVar, overload

from replay.cassette.codec import AnswerParts, decode_header, decode_issue, decode_note, decode_reads, decode_whole
from replay.cassette.file import File
from replay.cassette.frame import NAMES, PREAMBLE, TAIL_SIZE, Frame, Kind, damaged, unpack
from replay.cassette.header import header_json
from replay.cassette.index import READS_IN, SECTION_COLUMNS, Index, decode_index
from replay.cassette.scan import Scan, scan_file
from replay.cassette.shelf import Shelf
from replay.errors import CassetteError
from replay.events import Answer, Event, Header, Note, Reads

T = TypeVar("T")

MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, struct.error, RecursionError)
"""What decoding a payload of the wrong shape raises."""

MAX_SAID = 5

AHEAD = 1 << 20
"""Bytes of frames whose answers are kept, decoded, until they are asked for."""

BLOCK, LAST_BLOCK = 16, 256
"""Answers decoded at a time at first, for who needs but one, and at last."""

BLOCK_SIZE = 256 << 10
"""Bytes of their frames."""


class Reader:
    """One cassette. Raises :class:`replay.errors.CassetteError` when it cannot be opened.

    ``cut`` says in words what the file lacks (it was never sealed, a frame is torn), or is None.
    """

    def __init__(self, path: str) -> None:
        self._file = File(path)
        self.header: Header = self._decode_header()
        self.cut: str | None = None
        self._ahead: dict[int, Answer] = {}
        self._ahead_size = 0
        self._block = BLOCK
        sealed = self._sealed_index()
        self._index = self._scanned_index() if sealed is None else sealed
        self._ids, self._ticks = self._index.columns["ids"], self._index.columns["ticks"]
        self._shelf = Shelf(self._file.frame_at, self._file.size)
        self._shelf.register_all(*[self._index.columns[name] for name in SECTION_COLUMNS])

    @property
    def encrypted(self) -> bool:
        return self._file.cipher is not None

    @property
    def events(self) -> Sequence[Event]:
        """All events, in order of issue; each is decoded when it is asked for."""
        return Events(self)

    @cached_property
    def notes(self) -> list[Note]:
        return [self._at(offset, Kind.NOTE, decode_note) for offset in self._index.columns["notes"]]

    @cached_property
    def reads(self) -> list[Reads]:
        """Reads of the clock and the dice; those of one lineage and source are in order."""
        return list(self.each_read())

    def each_read(self) -> Iterator[Reads]:
        """:attr:`reads`, each decoded when its turn comes."""
        for offset in self._index.columns["reads"]:
            frame, payload = self._payload(offset, *READS_IN)
            try:
                items = payload[READS_IN[frame.kind]]
                found = [decode_reads(item, self._shelf, frame.writer) for item in items]
            except MALFORMED as error:
                raise damaged(frame, f"makes no sense: {error}") from error
            yield from found

    def keys(self) -> Iterator[tuple[int, str, bytes]]:
        """Id, lineage and fingerprint of every event in order of issue, without decoding any."""
        return self._index.keys()

    def event(self, id: int) -> Event:
        """The event ``id`` with its answer. Raises :class:`CassetteError` if there is none, or it is damaged."""
        return self.event_in_row(self._row(id))

    def answer(self, id: int) -> tuple[int, Answer | None]:
        """The tick of event ``id``'s issue, and its answer, without decoding the request. Raises like ``event``."""
        ids = self._ids
        row = id if id < len(ids) and ids[id] == id else self._row(id)
        answer = self._ahead.pop(row, None)
        if answer is None:
            self._decode_ahead(row)
            answer = self._ahead.pop(row, None) or self._answer(row, id)
        return self._ticks[row], answer

    def event_in_row(self, row: int) -> Event:
        """The ``row``-th event in order of issue, from 0."""
        id = self._index.columns["ids"][row]
        frame, payload = self._issue(row, id)
        answer = self._answer(row, id)
        try:
            return decode_issue(payload, self._shelf, frame.writer, answer)
        except MALFORMED as error:
            raise damaged(frame, f"makes no sense: {error}") from error

    def _row(self, id: int) -> int:
        try:
            return self._index.row(id)
        except KeyError:
            raise CassetteError(f"there is no event {id}", hint=f"the cassette holds {len(self._index)}") from None

    def _issue(self, row: int, id: int) -> tuple[Frame, Any]:
        frame, payload = self._payload(self._index.columns["offsets"][row], Kind.ISSUE)
        _check_id(frame, payload, id)
        return frame, payload

    def _answer(self, row: int, id: int) -> Answer | None:
        parts = None
        for number in count():
            offset = self._index.part(row, number)
            if offset is None or (parts is not None and parts.ended):
                break
            frame, payload = self._payload(offset, Kind.PARTS)
            _check_id(frame, payload, id)
            try:
                if number == 0 and (whole := decode_whole(payload, self._shelf, frame.writer)):
                    return whole
                parts = parts or AnswerParts(self._shelf)
                parts.add(payload, frame.writer)
            except MALFORMED as error:
                raise damaged(frame, f"makes no sense: {error}") from error
        return None if parts is None else parts.answer()

    def verify(self) -> list[str]:
        """Walk every frame: checksums, chains, the seal, and that all that is there decodes. Damage, in words."""
        found = scan_file(self._file)
        problems = [str(damage) for damage in found.damage]
        if not found.sealed:
            problems.append("the file was never sealed: the run did not end, or is still going on")
        problems += self._file.source.damage
        if self._file.signatures:
            from replay.cassette.signature import broken_signatures

            problems += broken_signatures(self._file)
        if not problems:
            problems.extend(self._undecodable())
        return problems

    def _undecodable(self) -> Iterator[str]:
        checks: list[Callable[[], Any]] = [lambda: self.notes, lambda: self.reads]
        checks += [partial(self.event_in_row, row) for row in range(len(self._index))]
        for check in checks:
            try:
                check()
            except CassetteError as error:
                yield error.message

    def _sealed_index(self) -> Index | None:
        """The index in the seal at the end of the file, or None if there is no such thing, or it is out of date."""
        tail, _ = self._file.try_frame(self._file.size - TAIL_SIZE)
        if tail is None or tail.kind != Kind.TAIL:
            return None
        distance = _distance(tail)
        offset = tail.offset - distance
        seal, _ = self._file.try_frame(offset) if distance > 0 and offset > 0 else (None, "")
        if seal is None or seal.kind != Kind.SEAL or seal.size != distance:
            return None
        index = decode_index(unpack(seal))
        return index if index.end == offset else None

    def _scanned_index(self) -> Index:
        found = scan_file(self._file)
        self.cut = _what_is_missing(found)
        return found.index

    def _decode_header(self) -> Header:
        data = header_json(self._file)
        try:
            return decode_header([data])
        except MALFORMED as error:
            raise damaged(self._file.frame_at(PREAMBLE.size), f"makes no sense: {error}") from error

    def _payload(self, offset: int, *kinds: int) -> tuple[Frame, Any]:
        """The frame at ``offset``, which must be of one of ``kinds``, decoded."""
        frame = self._file.frame_at(offset)
        if frame.kind not in kinds:
            raise damaged(frame, f"should be of kind {', '.join(NAMES[kind] for kind in kinds)}")
        payload = unpack(frame)
        if isinstance(payload, list) and payload and payload[0] is not None:
            self._shelf.keep(frame, payload[0])
        return frame, payload

    def decode_first(self) -> None:
        """Decode the answers that a replay needs first, before it needs them."""
        if not self._ahead_size:
            self._decode_ahead(0)

    def _decode_ahead(self, row: int) -> None:
        """Decode the answers from ``row`` on that are whole in one frame, some of them, and keep them.

        A replay needs them one after the other, and many at a time take a third of what each takes between two calls.
        """
        block, self._block = self._block, min(2 * self._block, LAST_BLOCK)
        if self._ahead_size > AHEAD:
            self._ahead.clear()
            self._ahead_size = 0
        ids, part, frame_at, shelf, ahead = self._ids, self._index.part, self._file.frame_at, self._shelf, self._ahead
        size = 0
        try:
            for next_row in range(row, min(row + block, len(ids))):
                frame = frame_at(part(next_row, 0) or 0)
                if frame.kind != Kind.PARTS or size > BLOCK_SIZE:
                    break
                payload = unpack(frame)
                if payload[0] is not None:
                    shelf.keep(frame, payload[0])
                answer = decode_whole(payload, shelf, frame.writer) if payload[1] == ids[next_row] else None
                if answer is not None:
                    ahead[next_row] = answer
                size += len(frame.payload)
        except (CassetteError, *MALFORMED):  # told when that answer is asked for
            pass
        self._ahead_size += size

    def _at(self, offset: int, kind: Kind, decode: Callable[[Any, Shelf, int], T]) -> T:
        frame, payload = self._payload(offset, kind)
        try:
            return decode(payload, self._shelf, frame.writer)
        except MALFORMED as error:
            raise damaged(frame, f"makes no sense: {error}") from error

    def __len__(self) -> int:
        return len(self._index)


class Events(Sequence[Event]):
    """The events of a reader as a sequence that decodes on access."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        if isinstance(place, slice):
            return [self._reader.event_in_row(row) for row in range(*place.indices(len(self)))]
        return self._reader.event_in_row(range(len(self))[place])


def _check_id(frame: Frame, payload: Any, id: int) -> None:
    if type(payload) is not list or len(payload) < 2 or payload[1] != id:
        raise damaged(frame, "makes no sense: another event than the index says")


def _distance(tail: Frame) -> int:
    payload = unpack(tail)
    if isinstance(payload, list) and len(payload) == 1 and type(payload[0]) is bytes and len(payload[0]) == 8:
        return int.from_bytes(payload[0], "little")
    return 0


def _what_is_missing(found: Scan) -> str | None:
    """The words for :attr:`Reader.cut`."""
    said = [str(damage) for damage in found.damage]
    if not found.sealed:
        ids = found.index.columns["ids"]
        last = f"cut short after event {ids[-1]}" if ids else "cut short before the first event"
        said.insert(0, last)
    return "; ".join(said[:MAX_SAID]) or None
