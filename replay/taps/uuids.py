"""UUIDs: the standard library's, and two libraries in Rust that agent frameworks use for their run ids.

``uuid.uuid4`` needs nothing, it calls ``os.urandom``. Those that hold a time are recorded whole: they also depend on
the network card, on other processes, and on the last one made in this process.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from uuid import UUID, SafeUUID

from replay.errors import CassetteError
from replay.taps.byname import Replacement
from replay.taps.reading import Reading

_TIMED = ("uuid1", "uuid6", "uuid7")
_OBJECTS = ("uuid1", "uuid4", "uuid6", "uuid7", "uuid_v1mc")
_NUMBERS = ("_uuid4_int", "_uuid7_int")
_SAFE = tuple(SafeUUID)


def standard() -> Iterator[Reading]:
    """The readings of ``uuid``: versions 6 and 7 are there from Python 3.14 on."""
    for name in _TIMED:
        if hasattr(uuid, name):
            yield Reading(f"uuid.{name}", getattr(uuid, name), bytes, pack=_pack, unpack=_unpack)
    generate = getattr(uuid, "_generate_time_safe", None)
    if generate is not None:  # for references to uuid1 that no scan finds, such as `default_factory=uuid1`
        yield Reading("uuid.generate_time_safe", generate, bytes, pack=_pack_generated, unpack=_unpack_generated)


def attach(module: ModuleType) -> Replacement:
    """The functions of ``uuid_utils`` or ``fastuuid``."""
    made_of: Any = module.UUID
    readings = [
        _reading(module, name, lambda made: made.bytes, lambda data: made_of(bytes=_sized(data, 16)))
        for name in _OBJECTS
        if hasattr(module, name)
    ] + [
        _reading(
            module, name, lambda made: made.to_bytes(16, "big"), lambda data: int.from_bytes(_sized(data, 16), "big")
        )
        for name in _NUMBERS
        if hasattr(module, name)
    ]
    return Replacement([reading.pair for reading in readings])


def _reading(module: ModuleType, name: str, pack: Callable[[Any], bytes], unpack: Callable[[bytes], Any]) -> Reading:
    return Reading(f"{module.__name__}.{name}", getattr(module, name), bytes, pack=pack, unpack=unpack)


def _pack(made: UUID) -> bytes:
    """16 bytes of the uuid, and one for whether it is known to be unique among processes."""
    return made.bytes + bytes([_SAFE.index(made.is_safe)])


def _unpack(data: bytes) -> UUID:
    packed = _sized(data, 17)
    return UUID(bytes=packed[:16], is_safe=_SAFE[packed[16] % len(_SAFE)])


def _pack_generated(made: tuple[bytes, int | None]) -> bytes:
    data, safe = made
    return data + bytes([_SAFE.index(SafeUUID(safe))])


def _unpack_generated(data: bytes) -> tuple[bytes, int | None]:
    packed = _sized(data, 17)
    return packed[:16], _SAFE[packed[16] % len(_SAFE)].value


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise CassetteError("the cassette holds a uuid of the wrong size", hint="record the run again")
    return data
