"""Files that are small and would be large in memory: each is right in all its checksums."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import zstandard

from replay.cassette.codec import encode_header
from replay.cassette.frame import FORMAT, MAGIC, PREAMBLE, Kind, pack
from tests.cassette.runs import HEADER
from tests.fuzz.mutate import Made, assembled

MIB = 1 << 20


def _file(*frames: tuple[Kind, list[Any] | bytes]) -> bytes:
    from random import Random

    made = [Made(Kind.HEADER, 0, pack(encode_header(HEADER)))]
    made += [Made(kind, 0, item if isinstance(item, bytes) else pack(item)) for kind, item in frames]
    return assembled(made, "none", Random(0))


def _issue(body: Any, section: list[Any] | None = None, target: int = 0, headers: list[int] | None = None) -> list[Any]:
    fields = [0, "0", b"", 0, 0, 0, None, 0, "recorded", "http", 0, target, None, headers or []]
    return [section, *fields, body, None]


def _parts(datas: list[Any]) -> list[Any]:
    return [None, 0, None, [0] * len(datas), [0] * len(datas), datas, [0, 0, "complete", None], None]


def _arrays() -> bytes:
    """One byte in the file, 64 in memory."""
    inner = b"\xdd" + struct.pack(">I", MIB) + b"\x90" * MIB
    return _file((Kind.NOTE, b"\x97" + inner * 7))


def _maps() -> bytes:
    return _file((Kind.NOTE, b"\x91\xdd" + struct.pack(">I", MIB) + b"\x80" * MIB))


def _body() -> bytes:
    """A body of a quarter of a million times the same mebibyte."""
    return _file((Kind.ISSUE, _issue([0] * 250_000, [0, [bytes(MIB)], 0, []])))


def _chunks() -> bytes:
    """Each chunk is within bounds, and there are thousands."""
    section = [0, [bytes(MIB)], 0, []]
    return _file((Kind.ISSUE, _issue(b"", section)), (Kind.PARTS, _parts([[0] * 60] * 5_000)))


def _frames_of_chunks() -> bytes:
    section = [0, [bytes(MIB)], 0, []]
    many = [(Kind.PARTS, [*_parts([[0] * 60])[:6], None, None])] * 2_000
    return _file((Kind.ISSUE, _issue(b"", section)), *many)


def _headers() -> bytes:
    """Distinct header fields that are all the same long text."""
    section = [0, [b"x" * MIB, *(b"%d" % n for n in range(20_000))], 0, []]
    numbers = [number for n in range(20_000) for number in (n + 1, 0)]
    return _file((Kind.ISSUE, _issue(b"", section, headers=numbers)))


def _wide_text() -> bytes:
    """Text of one byte a character, but for the last: in memory four bytes each."""
    section = [0, [b"x" * MIB + "\U0001f600".encode() for _ in range(7)], 0, []]
    return _file((Kind.ISSUE, _issue(b"", section, headers=[0, 1, 2, 3, 4, 5])))


def _note(text: bytes) -> bytes:
    return _file((Kind.NOTE, [None, "output", text]))


def _deep() -> bytes:
    return _note(b"[" * 7 * MIB)


def _json_arrays() -> bytes:
    return _note(b"[" + b"[]," * (2 * MIB) + b"0]")


def _json_objects() -> bytes:
    return _note(b"[" + b'{"a":0},' * (900 * 1024) + b"0]")


def _json_of_blobs() -> bytes:
    """JSON that grows from a blob that comes again and again."""
    section = [0, [b"[]," * (MIB // 3)], 0, []]
    return _file((Kind.NOTE, [section, "output", [b"[", *[0] * 60, b"0]"]]))


def _reads() -> bytes:
    section = [0, [b"[]," * (MIB // 3)], 0, []]
    return _file((Kind.READS, [section, [["0", 0, None, [b"[", *[0] * 60, b"0]"]]]]))


def _body_of_arrays() -> bytes:
    """A request body that is read as JSON when it is shown."""
    section = [0, [b"[]," * (MIB // 3), b"POST", b"https://api.openai.com/v1/chat/completions"], 0, []]
    fields = _issue([b'{"messages":[', *[0] * 60, b"0]}"], section)
    fields[11], fields[12] = 1, 2
    return _file((Kind.ISSUE, fields))


def _small_blobs() -> bytes:
    """Sections of tiny blobs, which are kept decoded."""
    sections = [[n * 120_000, [b"ab"] * 120_000, 0, []] for n in range(30)]
    frames: list[tuple[Kind, list[Any] | bytes]] = [(Kind.BLOBS, [section]) for section in sections]
    return _file(*frames, (Kind.ISSUE, _issue([n * 120_000 for n in range(30)])))


def _packed() -> bytes:
    """A packed file that claims to be a terabyte of nothing."""
    block = zstandard.ZstdCompressor().compress(bytes(8 * MIB))
    entries = struct.pack("<II", len(block), 8 * MIB) * 10_000
    length = len(entries) + 9
    table = struct.pack("<II", 0x184D2A5E, length) + entries + struct.pack("<IBI", 10_000, 0, 0x8F92EAB1)
    return block * 10_000 + table


def _packed_lie() -> bytes:
    """A block that unpacks to more than the table says."""
    block = zstandard.ZstdCompressor().compress(bytes(512 * MIB))
    table = struct.pack("<IIII", 0x184D2A5E, 17, len(block), 64) + struct.pack("<IBI", 1, 0, 0x8F92EAB1)
    return block + table


def _seal_of_numbers() -> bytes:
    """A seal whose columns are lengths instead of bytes."""
    seal = pack([12, 1, 2**31, 2**31, b"[]", 2**31, [2**31] * 12])
    return PREAMBLE.pack(MAGIC, FORMAT) + _file((Kind.SEAL, seal))[PREAMBLE.size :]


BOMBS: dict[str, Callable[[], bytes]] = {
    make.__name__.lstrip("_"): make
    for make in (
        *(_arrays, _maps, _body, _chunks, _frames_of_chunks, _headers, _wide_text, _deep, _json_arrays),
        *(_json_objects, _json_of_blobs, _reads, _body_of_arrays, _small_blobs, _packed, _packed_lie),
        _seal_of_numbers,
    )
}
