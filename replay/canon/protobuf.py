"""The wire format of protocol buffers, as far as it can be read without a schema (protobuf.dev, "Encoding").

Bytes of one field may be a text, a message or anything else; what reads as a message all through is taken for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES: Final = {FIXED64: 8, FIXED32: 4}

MAX_DEPTH: Final = 32
"""Messages within messages that are looked into."""

MAX_VARINT: Final = 10
"""Bytes of the longest number."""


class Field(NamedTuple):
    """One field: its number, how it is written, and what is written. A number is an int, all else bytes."""

    number: int
    kind: int
    value: int | bytes


def fields(data: bytes) -> list[Field] | None:
    """The fields of a message; None when ``data`` is none."""
    found: list[Field] = []
    at = 0
    while at < len(data):
        tag = _varint(data, at)
        if tag is None or not tag[0] >> 3 or tag[0] >> 3 >= 1 << 29:
            return None
        field = _field(data, tag[0] >> 3, tag[0] & 7, tag[1])
        if field is None:
            return None
        found.append(field[0])
        at = field[1]
    return found


def _field(data: bytes, number: int, kind: int, at: int) -> tuple[Field, int] | None:
    if kind in (VARINT, BYTES):
        told = _varint(data, at)
        if told is None:
            return None
        size, at = told
        if kind == VARINT:
            return Field(number, kind, size), at
    elif kind in _SIZES:
        size = _SIZES[kind]
    else:  # groups, which nobody writes any more
        return None
    return (Field(number, kind, data[at : at + size]), at + size) if at + size <= len(data) else None


def _varint(data: bytes, at: int) -> tuple[int, int] | None:
    """The number that begins at ``at``, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + MAX_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    return None


def number(value: int) -> bytes:
    """``value`` as a varint."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def rewritten(data: bytes, change: Callable[[bytes], bytes], depth: int = 0) -> bytes:
    """``data`` with each text in it as ``change`` makes it, and the lengths around them true; or ``data`` itself.

    What ``change`` finds only in several fields together is changed all the same, and the message is none any more.
    """
    changed = change(data)
    if changed is data or changed == data:
        return data
    inside = fields(data) if depth < MAX_DEPTH else None
    if inside is None:
        return changed
    return change(b"".join([_written(field, change, depth) for field in inside]))


def _written(field: Field, change: Callable[[bytes], bytes], depth: int) -> bytes:
    number_of, kind, value = field
    tag = number(number_of << 3 | kind)
    if isinstance(value, int):
        return tag + number(value)
    if kind != BYTES:
        return tag + value
    value = rewritten(value, change, depth + 1)
    return tag + number(len(value)) + value
