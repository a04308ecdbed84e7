"""Damage that a fuzzer does to a cassette: to its bytes, or to what its frames hold, with all checksums made right."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import msgpack

from replay.cassette.frame import (
    FORMAT,
    MAGIC,
    NO_LINK,
    PREAMBLE,
    START,
    Kind,
    encode_frame,
    next_link,
    pack,
)
from replay.cassette.index import Index

MAX_FRAMES = 400
INTERESTING = (0, 1, -1, 2, 127, 128, 255, 256, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**64 - 1)
JUNK: tuple[Any, ...] = (
    *(None, True, b"", "", [], [[]], [[[]]], 0.0, float("nan"), float("inf"), {}, "http", "complete", "\ud800"),
    *(b"\xff" * 40, "x" * 300, [0] * 100, [[0, [b""], 0, [-1, 0]]], b'{"a": [', b"[" * 3000, b"1" * 5000, -(2**63)),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A frame to be written."""

    kind: int
    writer: int
    payload: bytes


def mutate_bytes(data: bytes, dice: Random) -> bytes:
    """A few changes anywhere."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(changed) + 1)
        dice.choice(_BYTES)(changed, at, dice)
    return bytes(changed)


def mutate_frames(data: bytes, dice: Random) -> bytes:
    """Changes within and among frames, which then check out, with or without a seal that fits."""
    frames = frames_in(data)
    for _ in range(dice.randint(1, 3)):
        if frames:
            dice.choice(_FRAMES)(frames, dice)
    return assembled(frames, seal=dice.choice(("anew", "as it is", "none")), dice=dice)


def frames_in(data: bytes) -> list[Made]:
    """What looks like frames, whether it checks out or not."""
    frames = []
    at = PREAMBLE.size
    while at + START.size <= len(data) and len(frames) < MAX_FRAMES:
        _, _, kind, writer, length, _ = START.unpack_from(data, at)
        length = min(length, len(data) - at - START.size)
        frames.append(Made(kind, writer, data[at + START.size : at + START.size + length]))
        at += START.size + length
    return frames


def assembled(frames: list[Made], seal: str, dice: Random) -> bytes:
    """A file of ``frames`` with right checksums and links."""
    data = PREAMBLE.pack(MAGIC, FORMAT)
    links: dict[int, bytes] = {}
    index = Index()
    if seal != "as it is":
        frames = [frame for frame in frames if frame.kind not in (Kind.SEAL, Kind.TAIL)]
    for frame in frames:
        encoded = _encoded(frame, links, len(data))
        _try_add(index, len(data), frame, links)
        data += encoded
    return data + _sealed(index, len(data), links, dice) if seal == "anew" else data


def _encoded(frame: Made, links: dict[int, bytes], offset: int) -> bytes:
    chain = offset // 32 if frame.kind == Kind.WRITER else frame.writer
    before = NO_LINK if frame.kind in (Kind.HEADER, Kind.WRITER) else links.get(chain, NO_LINK)
    links[chain] = next_link(before, frame.kind, frame.payload)
    return encode_frame(frame.kind, frame.writer, links[chain], frame.payload)


def _try_add(index: Index, offset: int, frame: Made, links: dict[int, bytes]) -> None:
    try:
        payload = msgpack.unpackb(frame.payload, max_array_len=1 << 16)
        index.add(offset, frame.writer, frame.kind, payload, links.get(frame.writer, NO_LINK))
    except Exception:  # a frame that has no place in an index is what we came for
        return


def _sealed(index: Index, end: int, links: dict[int, bytes], dice: Random) -> bytes:
    """A seal that fits, but perhaps for a column, and its tail."""
    index.end = end
    if dice.random() < 0.7:
        _change_index(index, dice)
    payload = pack(index.encode())
    made = _encoded(Made(Kind.SEAL, 0, payload), links, end)
    back = len(made) if dice.random() < 0.95 else dice.choice(INTERESTING) % 2**64
    return made + _encoded(Made(Kind.TAIL, 0, pack([(back % 2**64).to_bytes(8, "little")])), links, end)


def _change_index(index: Index, dice: Random) -> None:
    column: array[int] = index.columns[dice.choice(sorted(index.columns))]
    if len(column):
        limit = 2 ** (8 * column.itemsize)
        at = dice.randrange(len(column))
        near = column[at] + dice.choice((-33, -1, 1, 33))
        column[at] = dice.choice((near, *INTERESTING)) % limit
    if dice.random() < 0.2:
        index.lineages = dice.choice(([], ["0"] * 50, index.lineages[:-1]))
    if dice.random() < 0.1:
        index.fingerprints = index.fingerprints[: dice.randrange(len(index.fingerprints) + 1)]


# On bytes ------------------------------------------------------------------------------------------------------------


def _flip(data: bytearray, at: int, dice: Random) -> None:
    if at < len(data):
        data[at] ^= 1 << dice.randrange(8)


def _drop(data: bytearray, at: int, dice: Random) -> None:
    del data[at : at + dice.randint(1, 64)]


def _double(data: bytearray, at: int, dice: Random) -> None:
    data[at:at] = data[at : at + dice.randint(1, 64)]


def _overwrite(data: bytearray, at: int, dice: Random) -> None:
    new = dice.randbytes(dice.choice((1, 2, 4, 8)))
    data[at : at + len(new)] = new


def _number(data: bytearray, at: int, dice: Random) -> None:
    size = dice.choice((1, 2, 4, 8))
    new = (dice.choice(INTERESTING) % 2 ** (8 * size)).to_bytes(size, dice.choice(("little", "big")))
    data[at : at + size] = new


def _cut(data: bytearray, at: int, dice: Random) -> None:
    if dice.random() < 0.2:
        del data[at:]


_BYTES = (_flip, _flip, _drop, _double, _overwrite, _number, _cut)


# On frames -----------------------------------------------------------------------------------------------------------


def _payload_bytes(frames: list[Made], dice: Random) -> None:
    at = dice.randrange(len(frames))
    frames[at] = replace(frames[at], payload=mutate_bytes(frames[at].payload, dice))


def _payload_value(frames: list[Made], dice: Random) -> None:
    at = dice.randrange(len(frames))
    try:
        payload = msgpack.unpackb(frames[at].payload, max_array_len=1 << 16)
        frames[at] = replace(frames[at], payload=pack(_changed(payload, dice)))
    except Exception:  # no msgpack any more, or something that msgpack cannot say
        _payload_bytes(frames, dice)


def _changed(value: Any, dice: Random, depth: int = 0) -> Any:
    """``value`` with one thing in it replaced."""
    if isinstance(value, list) and value and (depth < 1 or dice.random() < 0.8):
        at = dice.randrange(len(value))
        match dice.randrange(12):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return value[: at + 1] + value[at:]
            case 2:
                return [*value[:at], dice.choice(JUNK), *value[at:]]
            case _:
                return [*value[:at], _changed(value[at], dice, depth + 1), *value[at + 1 :]]
    if isinstance(value, int) and dice.random() < 0.7:
        return dice.choice((value + 1, value - 1, -value, *INTERESTING))
    if isinstance(value, bytes) and value and dice.random() < 0.7:
        return mutate_bytes(value, dice)
    return dice.choice((*JUNK, *INTERESTING))


def _repeat(frames: list[Made], dice: Random) -> None:
    if len(frames) < MAX_FRAMES:
        frames.insert(dice.randrange(len(frames) + 1), dice.choice(frames))


def _remove(frames: list[Made], dice: Random) -> None:
    del frames[dice.randrange(len(frames))]


def _swap(frames: list[Made], dice: Random) -> None:
    one, two = dice.randrange(len(frames)), dice.randrange(len(frames))
    frames[one], frames[two] = frames[two], frames[one]


def _kind(frames: list[Made], dice: Random) -> None:
    at = dice.randrange(len(frames))
    frames[at] = replace(frames[at], kind=dice.choice((*range(12), 255)))


def _writer(frames: list[Made], dice: Random) -> None:
    at = dice.randrange(len(frames))
    frames[at] = replace(frames[at], writer=dice.choice((0, 1, 5, 2**32 - 1)))


_FRAMES = (_payload_value,) * 6 + (_payload_bytes, _payload_bytes, _repeat, _remove, _swap, _kind, _writer)
