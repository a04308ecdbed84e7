"""Where everything is: the columns that the seal holds, and that a scan rebuilds.

Columns are packed arrays, so that opening a file of 100,000 events copies memory and parses nothing.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock
from array import array
from collections.abc import Iterator
from typing import Any, cast

import orjson

from replay.cassette.frame import LINK_SIZE, Kind
from replay.errors import CassetteError

FINGERPRINT_SIZE = 16
NO_FINGERPRINT = bytes(FINGERPRINT_SIZE)
EVENT_COLUMNS = ("ids", "offsets", "ticks", "lineage_of")
PART_COLUMNS = ("part_rows", "part_offsets")
SECTION_COLUMNS = ("section_writers", "first_blobs", "first_nodes", "section_offsets")
LISTS = ("notes", "reads")
READS_IN: dict[int, int] = {Kind.ISSUE: 16, Kind.PARTS: 7, Kind.READS: 1}
"""Kinds of frames that may hold reads, and where in their payload."""

SECTIONED = frozenset([Kind.BLOBS, Kind.ISSUE, Kind.PARTS, Kind.READS, Kind.NOTE])

WORDS = {"lineage_of", "part_rows", "section_writers"}
COLUMNS = {name: "I" if name in WORDS else "Q" for name in (*EVENT_COLUMNS, *PART_COLUMNS, *SECTION_COLUMNS, *LISTS)}
"""Name -> width of an entry: ``I`` for 4 bytes, ``Q`` for 8."""

LONG = frozenset((*EVENT_COLUMNS, *PART_COLUMNS))
"""Columns with an entry for each event, or more."""

BLOCK = 256
"""Parts frames sorted by event at a time."""

WRITER_STEP = 32
"""A joining process is numbered by the place of its writer frame, in units smaller than any frame."""


class Index:
    """Grows frame by frame, in file order. ``links`` are the heads of the chains, by writer; ``end`` is the offset up
    to which the file is indexed."""

    def __init__(self) -> None:
        self.columns: dict[str, array[int]] = {name: array(code) for name, code in COLUMNS.items()}
        self.fingerprints: bytes | bytearray = bytearray()
        self.lineages: list[str] = []
        self.links: dict[int, bytes] = {}
        self.frames = 0
        self.end = 0
        self._lineage_numbers: dict[str, int] = {}
        self._rows: dict[int, int] = {}
        self._parts: dict[int, list[int]] = {}
        self._parts_known = 0
        self._lock = allocate_lock()

    def __len__(self) -> int:
        return len(self.columns["ids"])

    def add(self, offset: int, writer: int, kind: int, payload: list[Any], link: bytes) -> None:
        """The next frame, with its payload decoded. Raises ValueError or KeyError when it cannot be true."""
        self.frames += 1
        if kind == Kind.WRITER:
            writer = offset // WRITER_STEP
        self.links[writer] = link
        columns = self.columns
        place = READS_IN.get(kind)
        has_reads = place is not None and payload[place] is not None
        if kind in SECTIONED and payload[0] is not None:
            self._extend(SECTION_COLUMNS, writer, payload[0][0], payload[0][2], offset)
        if kind == Kind.ISSUE:
            self._add_issue(offset, payload[1], payload[2], payload[3], payload[6])
        elif kind == Kind.PARTS:
            columns["part_rows"].append(self._rows[payload[1]])
            columns["part_offsets"].append(offset)
        elif kind == Kind.NOTE:
            columns["notes"].append(offset)
        if has_reads:
            columns["reads"].append(offset)

    def _add_issue(self, offset: int, id: int, lineage: str, fingerprint: bytes, tick: int) -> None:
        # All of it before the first column grows, so that the columns stay equally long.
        if type(id) is not int or type(lineage) is not str or type(fingerprint) is not bytes or type(tick) is not int:
            raise ValueError("an id, a lineage, a fingerprint or a tick is none")
        if not 0 <= id < 2**64 or not 0 <= tick < 2**64:
            raise ValueError("an id or a tick is out of range")
        if id in self._rows or len(fingerprint) not in (0, FINGERPRINT_SIZE):
            raise ValueError("an id comes twice, or a fingerprint is not 16 bytes")
        number = self._lineage_numbers.setdefault(lineage, len(self.lineages))
        if number == len(self.lineages):
            self.lineages.append(lineage)
        self._rows[id] = len(self._rows)
        columns = self.columns
        columns["ids"].append(id)
        columns["offsets"].append(offset)
        columns["ticks"].append(tick)
        columns["lineage_of"].append(number)
        self.fingerprints += fingerprint or NO_FINGERPRINT

    def _extend(self, names: tuple[str, ...], *values: int) -> None:
        for name, value in zip(names, values, strict=True):
            self.columns[name].append(value)

    def row(self, id: int) -> int:
        """The place of event ``id`` in order of issue. Raises KeyError."""
        ids = self.columns["ids"]
        if 0 <= id < len(ids) and ids[id] == id:
            return id
        if len(self._rows) != len(ids):
            self._rows = {id: row for row, id in enumerate(ids)}
        return self._rows[id]

    def part(self, row: int, number: int) -> int | None:
        """The offset of a parts frame of the event at ``row``, counted from 0 in file order; None if it has fewer.

        Raises :class:`CassetteError` when the index in the seal is damaged, as :meth:`keys` does.
        """
        while True:
            known = self._parts.get(row)
            if known is not None and number < len(known):
                return known[number]
            if not self._find_parts():
                return None

    def _find_parts(self) -> bool:
        """Sort a few more parts frames by event; False when all are."""
        rows, offsets, events = self.columns["part_rows"], self.columns["part_offsets"], len(self)
        with self._lock:
            start = self._parts_known
            end = min(start + BLOCK, len(rows))
            for row, offset in zip(rows[start:end], offsets[start:end], strict=True):
                if row >= events:
                    raise _damaged("an answer has no request")
                self._parts.setdefault(row, []).append(offset)
            self._parts_known = end
        return end > start

    def keys(self) -> Iterator[tuple[int, str, bytes]]:
        """Id, lineage and fingerprint of each event, in order of issue."""
        marks = self.fingerprints
        lineages = self.lineages
        columns = zip(self.columns["ids"], self.columns["lineage_of"], strict=True)
        for row, (id, lineage) in enumerate(columns):
            if lineage >= len(lineages):
                raise _damaged("a lineage is missing")
            mark = bytes(marks[row * FINGERPRINT_SIZE : (row + 1) * FINGERPRINT_SIZE])
            yield id, lineages[lineage], b"" if mark == NO_FINGERPRINT else mark

    def encode(self) -> list[Any]:
        """The seal's payload."""
        return [
            self.end,
            self.frames,
            _to_bytes(array("I", self.links)),
            b"".join(self.links.values()),
            orjson.dumps(self.lineages),
            bytes(self.fingerprints),
            [_to_bytes(self.columns[name]) for name in COLUMNS],
        ]


def decode_index(payload: Any) -> Index:
    """The index in a seal. Raises :class:`CassetteError` when its columns do not fit together."""
    index = Index()
    try:
        index.end, index.frames, writers, links, lineages, fingerprints, columns = payload
        if not all(type(data) is bytes for data in (writers, links, lineages, fingerprints, *columns)):
            raise TypeError("a column is no bytes")  # bytearray(2**31) would be zeros, that many
        index.lineages = list(map(str, orjson.loads(lineages)))
        index.fingerprints = fingerprints
        named = zip(COLUMNS.items(), columns, strict=True)
        index.columns = {
            name: _read_only(code, data) if name in LONG else _from_bytes(code, data) for (name, code), data in named
        }
        marks = [links[start : start + LINK_SIZE] for start in range(0, len(links), LINK_SIZE)]
        index.links = dict(zip(_from_bytes("I", writers), marks, strict=True))
        _check(index)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _damaged(str(error)) from error
    return index


def _damaged(why: str) -> CassetteError:
    return CassetteError(f"the index in the seal is damaged: {why}", hint="run `replay verify`")


def _check(index: Index) -> None:
    columns = index.columns
    same = [{len(columns[name]) for name in names} for names in (EVENT_COLUMNS, PART_COLUMNS, SECTION_COLUMNS)]
    same[0].add(len(index.fingerprints) // FINGERPRINT_SIZE)
    # What the columns say is looked at where it is used: all of it takes 3 ms for 100,000 events.
    if any(len(lengths) != 1 for lengths in same):
        raise ValueError("columns differ in length")


def _to_bytes(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


def _from_bytes(code: str, data: bytes) -> array[int]:
    column = array(code)
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _read_only(code: str, data: bytes) -> array[int]:
    """A column that nothing is added to, as which ``data`` itself will do: copying 100,000 events takes a
    millisecond."""
    if sys.byteorder == "big":
        return _from_bytes(code, data)
    return cast("array[int]", memoryview(data).cast(code))  # type: ignore[call-overload]
