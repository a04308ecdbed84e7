"""Bodies that came compressed: looked at unpacked, and kept as they came unless they hold a secret.

From its first secret on, a body is kept unpacked and redacted, behind the mark :data:`UNPACKED`; what came before it
stays packed. (Going on packed is no choice: a packed stream refers back to what it said before, down to single bits.)
A replay packs all of it again (:mod:`replay.canon.restore`).
"""

from __future__ import annotations

from dataclasses import replace

from replay.canon.coding import Unpacker, unpacker
from replay.canon.stream import Kept
from replay.events import Chunk

UNPACKED = b"<secret:unpacked>\n"
"""What comes behind it in a compressed body is not compressed. No coding's data has it: it would be an error there."""


class Packed:
    """``plain`` redacts what the chunks unpack to."""

    def __init__(self, unpacker: Unpacker, plain: Kept) -> None:
        self._unpacker: Unpacker | None = unpacker
        self._plain = plain
        self._waiting: list[tuple[Chunk, Chunk]] = []  # as it came, and unpacked
        self._is_clean = True

    def feed(self, chunk: Chunk) -> list[Chunk]:
        plain = replace(chunk, data=self._unpacked(chunk.data))
        self._waiting.append((chunk, plain))
        kept = self._plain.feed(plain)
        return self._settled(kept) if kept else []

    def finish(self) -> list[Chunk]:
        return self._settled(self._plain.finish())

    def _unpacked(self, data: bytes) -> bytes:
        if self._unpacker is None:
            return data
        try:
            return self._unpacker.unpack(data)
        except ValueError:  # the program hears of it: what comes now is looked at as it is
            self._unpacker = None
            return data

    def _settled(self, kept: list[Chunk]) -> list[Chunk]:
        """What to keep once nothing is held back any more."""
        waited, self._waiting = self._waiting, []
        if not self._is_clean or (self._unpacker is None and kept):
            return kept
        if len(kept) == len(waited) and all(one is plain for one, (_, plain) in zip(kept, waited, strict=True)):
            return [chunk for chunk, _ in waited]
        self._is_clean = False
        return [replace(kept[0], data=UNPACKED + kept[0].data), *kept[1:]]


def unpacked(data: bytes, coding: str) -> bytes | None:
    """A whole body unpacked, as far as it was packed; None when that cannot be done here."""
    packed, _, plain = data.partition(UNPACKED)
    unpack = unpacker(coding)
    if unpack is None:
        return None
    try:
        return unpack.unpack(packed) + plain
    except ValueError:
        return None
