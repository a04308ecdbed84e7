"""Redaction of a stream: its chunks stay as they were, and a secret that straddles chunks is still caught.

A chunk that ends in what might be the beginning of a secret is held back until the next ones have shown whether it is.
Only the stored copy waits; the program has had its chunk long before. Chunks of most streams end at a line or a quote,
so nothing waits. Where a secret does straddle, its chunks are joined into the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from replay.canon.risks import Risks
from replay.events import Chunk

HELD_AT_MOST = 1 << 20
"""Bytes. A stream that looks like the beginning of a secret for longer is none."""

_LINE_END = 10
_CLOSING = frozenset(b"}]")


class Kept(Protocol):
    """``feed`` each chunk and store what it returns, then store what ``finish`` returns."""

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The redacted chunks that are safe to keep by now; may be none."""

    def finish(self) -> list[Chunk]:
        """What was still held back, redacted."""


class Stream:
    """A body that is no more than bytes."""

    __slots__ = ("_held", "_redact", "_risks", "_size")

    def __init__(self, redact: Callable[[bytes], bytes], risks: Risks) -> None:
        self._redact = redact
        self._risks = risks
        self._held: list[Chunk] = []
        self._size = 0

    def feed(self, chunk: Chunk) -> list[Chunk]:
        if not self._held and self._is_safe(chunk.data):
            data = self._redact(chunk.data)
            return [chunk if data is chunk.data else replace(chunk, data=data)]
        self._held.append(chunk)
        self._size += len(chunk.data)
        if self._size <= HELD_AT_MOST and self._risks.goes_on(chunk.data) and not ends_whole(chunk.data):
            return []
        if self._size > HELD_AT_MOST or self._is_safe(b"".join([held.data for held in self._held])):
            return self.finish()
        return []

    def finish(self) -> list[Chunk]:
        held, self._held, self._size = self._held, [], 0
        data = b"".join([chunk.data for chunk in held])
        redacted = self._redact(data)
        if redacted == data:
            return held
        alone = [replace(chunk, data=self._redact(chunk.data)) for chunk in held]
        if b"".join([chunk.data for chunk in alone]) == redacted:
            return alone
        return [replace(held[0], data=redacted)]

    def _is_safe(self, data: bytes) -> bool:
        """Whether no end of ``data`` can be part of a secret that goes on in the next chunk."""
        return ends_whole(data) or not self._risks.may_go_on(data)


def ends_whole(data: bytes) -> bool:
    """A quick look: whether ``data`` ends with a line, or with an object or list outside all strings of JSON."""
    if not data:
        return True
    last = data[-1]
    if last != _LINE_END and (last not in _CLOSING or data.count(b'"') % 2):
        return False
    return b"-----BEGIN" not in data
