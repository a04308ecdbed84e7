"""The layout of one frame, as FORMAT.md tells it: a fixed start, then the payload.

::

    marker 4 | crc 4 | kind 1 | writer 4 | length 4 | link 16 | payload

Integers are little-endian. The CRC-32 covers everything after it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import msgpack

from replay.errors import CassetteError

if TYPE_CHECKING:
    from replay.cassette.cipher import Cipher

FORMAT = 1
MAGIC = b"\x89replay\n"
PREAMBLE = struct.Struct("<8sI")
"""At the start of the file: the magic and the format number."""

# No byte of msgpack's own is 0xc1, so the marker does not turn up in a payload except inside of text or binary data.
MARKER = b"\xc1Rp\xc1"
START = struct.Struct("<4sIBII16s")
LINK_SIZE = 16
CHECKED_AT = 8
"""Where in a frame the bytes begin that its checksum covers."""
NO_LINK = bytes(LINK_SIZE)
_BEFORE = struct.Struct("<4sI")
_FIELDS = struct.Struct("<BII16s")

MAX_PAYLOAD = 8 << 20
MAX_SEAL = 256 << 20
MAX_ITEMS = 1 << 20


class Kind(IntEnum):
    """What a frame holds."""

    HEADER = 1
    WRITER = 2
    BLOBS = 3
    ISSUE = 4
    PARTS = 5
    READS = 6
    NOTE = 7
    SEAL = 8
    TAIL = 9
    SIGNATURE = 10


NAMES = {int(kind): kind.name.lower() for kind in Kind}


class Frame(NamedTuple):
    """One frame as found at byte ``offset``; ``size`` counts its start too. ``cipher``, if any, opens its payload."""

    offset: int
    kind: int
    writer: int
    link: bytes
    payload: bytes
    cipher: Cipher | None = None

    @property
    def size(self) -> int:
        return START.size + len(self.payload)

    @property
    def name(self) -> str:
        return NAMES.get(self.kind, f"kind {self.kind}")


def next_link(previous: bytes, kind: int, payload: bytes) -> bytes:
    """The link of a frame: a hash over the link before it in its writer's chain, its kind and its payload."""
    return blake2b(b"%s%c%s" % (previous, kind, payload), digest_size=LINK_SIZE).digest()


def encode_frame(kind: int, writer: int, link: bytes, payload: bytes) -> bytes:
    checked = _FIELDS.pack(kind, writer, len(payload), link) + payload
    return _BEFORE.pack(MARKER, crc32(checked)) + checked


def packer() -> Callable[[Any], bytes]:
    """A function like :func:`pack` with a buffer of its own; not for two threads at once."""
    return msgpack.Packer().pack  # type: ignore[no-any-return]


def pack(value: Any) -> bytes:
    """``value`` (lists, text, bytes, numbers, None) as msgpack."""
    return msgpack.packb(value)  # type: ignore[no-any-return]


TAIL_SIZE = START.size + len(pack([bytes(8)]))
"""A tail frame holds the distance back to its seal in 8 bytes, so that it can be found from the end of the file."""

SIGNATURE_SIZE = START.size + len(pack(["ed25519", bytes(32), bytes(8), bytes(64)]))
"""A signature comes after the tail; its size is fixed for the same reason."""


def max_payload(kind: int) -> int:
    """The most bytes that a frame of this kind may hold. Only the seal grows with the number of events."""
    return MAX_SEAL if kind == Kind.SEAL else MAX_PAYLOAD


def unpack(frame: Frame) -> Any:
    """The payload of a frame. Raises :class:`CassetteError` for anything that this module did not pack."""
    payload = frame.payload if frame.cipher is None else frame.cipher.open(frame)
    try:
        return _unpack(payload) if len(payload) < SMALL else _unpack_counting(payload)
    except Exception as error:  # msgpack's errors have no common class
        raise damaged(frame, f"cannot be decoded: {error}") from error


def _refuse(*_: Any) -> Any:
    raise ValueError("a map or an extension type")


_unpack = partial(
    msgpack.unpackb, max_array_len=MAX_ITEMS, max_map_len=0, max_ext_len=0, object_hook=_refuse, ext_hook=_refuse
)

SMALL = 256 << 10
"""Payloads from this many bytes on are decoded with a count of their arrays: each costs one byte in the file, and 64
in memory."""


def _unpack_counting(payload: bytes) -> Any:
    arrays = 0

    def count(made: list[Any]) -> list[Any]:
        nonlocal arrays
        arrays += 1
        if arrays > MAX_ITEMS:
            raise ValueError(f"it holds more than {MAX_ITEMS} arrays")
        return made

    return _unpack(payload, list_hook=count)


def damaged(frame: Frame, what: str) -> CassetteError:
    """The error for a frame whose content makes no sense."""
    return CassetteError(
        f"the {frame.name} frame at byte {frame.offset} {what}", hint="`replay verify` lists every damaged frame"
    )
