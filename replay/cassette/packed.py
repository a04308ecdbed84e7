"""A packed cassette: the same bytes in independent zstandard frames, with a table of them at the end.

The layout is the *seekable format* of the zstandard project (contrib/seekable_format), so ``zstd -d`` unpacks it too,
and any byte is found without unpacking what lies before it. FORMAT.md tells the table.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from itertools import accumulate

import zstandard

from replay.cassette.source import Source
from replay.errors import CassetteError

BLOCK = 1 << 20
"""Bytes of the cassette in one zstandard frame."""

MAX_BLOCK = 8 << 20
"""The most that a reader unpacks at a time."""

MAX_EXPANSION = 200
"""A file may unpack to so many times its size, and :data:`MAX_SMALL` more; what claims more is a trap."""

MAX_SMALL = 64 << 20
KEPT = 8
"""Unpacked blocks that stay in memory."""

LEVEL = 15
SKIPPABLE = struct.Struct("<II")
SKIPPABLE_MAGIC = 0x184D2A5E
ENTRY = struct.Struct("<II")
FOOTER = struct.Struct("<IBI")
FOOTER_MAGIC = 0x8F92EAB1


class Packed:
    """The bytes that were packed. Raises :class:`CassetteError` when the table makes no sense."""

    def __init__(self, inner: Source, path: str) -> None:
        self._inner = inner
        self._path = path
        self.damage: list[str] = []
        table = _read_table(inner, path)
        self._places = [0, *accumulate(packed for packed, _ in table)]
        self._starts = [0, *accumulate(size for _, size in table)]
        self.size = self._starts[-1]
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()

    def read_at(self, offset: int, count: int) -> bytes:
        end = min(offset + count, self.size)
        pieces = []
        while offset < end:
            number = bisect_right(self._starts, offset) - 1
            at = offset - self._starts[number]
            pieces.append(self._block(number)[at : at + end - offset])
            offset = self._starts[number + 1]
        return b"".join(pieces)

    def close(self) -> None:
        self._inner.close()

    def _block(self, number: int) -> bytes:
        data = self._unpacked.get(number)
        if data is None:
            data = self._unpack(number)
            if len(self._unpacked) >= KEPT:
                self._unpacked.popitem(last=False)
            self._unpacked[number] = data
        return data

    def _unpack(self, number: int) -> bytes:
        place, size = self._places[number], self._starts[number + 1] - self._starts[number]
        packed = self._inner.read_at(place, self._places[number + 1] - place)
        # One more than it should be, so that a block that says too little is not cut silently.
        decoder = zstandard.ZstdDecompressor(max_window_size=MAX_BLOCK)
        try:
            data = decoder.stream_reader(packed).read(size + 1)
        except zstandard.ZstdError as error:
            return self._lost(number, size, str(error))
        return data if len(data) == size else self._lost(number, size, "it has another size than the table says")

    def _lost(self, number: int, size: int, why: str) -> bytes:
        start = self._starts[number]
        said = f"packed block {number} (bytes {start} to {start + size} of the cassette) cannot be unpacked: {why}"
        if said not in self.damage and len(self.damage) < KEPT:
            self.damage.append(said)
        return bytes(size)


def _read_table(inner: Source, path: str) -> list[tuple[int, int]]:
    """Packed and unpacked size of each block."""
    footer = inner.read_at(max(0, inner.size - FOOTER.size), FOOTER.size)
    if len(footer) < FOOTER.size:
        raise _no_table(path)
    count, flags, magic = FOOTER.unpack(footer)
    length = count * ENTRY.size + FOOTER.size
    start = inner.size - length - SKIPPABLE.size
    if magic != FOOTER_MAGIC or flags or start < 0:
        raise _no_table(path)
    raw = inner.read_at(start, length + SKIPPABLE.size)
    if SKIPPABLE.unpack_from(raw) != (SKIPPABLE_MAGIC, length):
        raise _no_table(path)
    entries = [ENTRY.unpack_from(raw, SKIPPABLE.size + number * ENTRY.size) for number in range(count)]
    if sum(packed for packed, _ in entries) != start or any(not 0 < size <= MAX_BLOCK for _, size in entries):
        raise _no_table(path)
    if sum(size for _, size in entries) > inner.size * MAX_EXPANSION + MAX_SMALL:
        raise CassetteError(f"{path} unpacks to too much for its size", hint="the file is damaged, or a trap")
    return entries


def _no_table(path: str) -> CassetteError:
    return CassetteError(
        f"{path} is compressed, and has no table of its blocks as a packed cassette has",
        hint="`zstd -d` may unpack it; it is damaged if `replay pack` made it",
    )


def pack_bytes(source: Source) -> Iterator[bytes]:
    """``source``, packed: a piece of the file at a time."""
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
    entries = []
    for offset in range(0, source.size, BLOCK):
        data = source.read_at(offset, BLOCK)
        block = packer.compress(data)
        entries.append(ENTRY.pack(len(block), len(data)))
        yield block
    length = len(entries) * ENTRY.size + FOOTER.size
    yield SKIPPABLE.pack(SKIPPABLE_MAGIC, length) + b"".join(entries)
    yield FOOTER.pack(len(entries), 0, FOOTER_MAGIC)


def unpack_bytes(source: Source) -> Iterator[bytes]:
    """All of ``source``, a piece at a time. Raises :class:`CassetteError` at the first place that cannot be read."""
    for offset in range(0, source.size, BLOCK):
        data = source.read_at(offset, BLOCK)
        if source.damage:
            raise CassetteError(source.damage[0], hint="`replay repair` keeps what is whole")
        yield data
