"""Redaction of a stream: its chunks stay as they were, and a secret that straddles chunks is still caught.

A chunk that ends in what might be the beginning of a secret is held back until the next ones have shown whether it is.
Only the stored copy waits; the program has had its chunk long before. Chunks of most streams end at a line or a quote,
so nothing waits. Where a secret does straddle, its chunks are joined into the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from replay.canon.patterns import PATTERNS
from replay.events import Chunk

TOKEN = rb"[A-Za-z0-9_+/.~=-]"
TOKEN_AT_END = re.compile(rb"(?:[Bb]earer {1,4})?" + TOKEN + rb"{1,4096}\Z")
TOKEN_BYTES = frozenset(code for code in range(256) if re.fullmatch(TOKEN, bytes([code])))
LONGEST_TOKEN = 4096
LONGEST_KEY = 20_000
HELD_AT_MOST = 1 << 20
"""Bytes. A stream that looks like the beginning of a secret for longer is none."""

STARTS = tuple(sorted({needle for pattern in PATTERNS for needle in pattern.needles}))


class Risks(NamedTuple):
    """What secrets begin with, and the bytes that a piece of one may end in."""

    starts: tuple[bytes, ...]
    last: frozenset[int]

    @classmethod
    def of(cls, known: tuple[bytes, ...]) -> Risks:
        """Of secrets by shape, and of those with these values."""
        starts = (*STARTS, *known)
        return cls(starts, TOKEN_BYTES.union(*starts))


class Stream:
    """``feed`` each chunk and store what it returns, then store what ``finish`` returns."""

    __slots__ = ("_held", "_redact", "_risks")

    def __init__(self, redact: Callable[[bytes], bytes], risks: Risks) -> None:
        self._redact = redact
        self._risks = risks
        self._held: list[Chunk] = []

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The redacted chunks that are safe to keep by now; may be none."""
        if not self._held and self._is_safe(chunk.data):
            data = self._redact(chunk.data)
            return [chunk if data is chunk.data else replace(chunk, data=data)]
        self._held.append(chunk)
        data = b"".join([held.data for held in self._held])
        return self.finish() if len(data) > HELD_AT_MOST or self._is_safe(data) else []

    def finish(self) -> list[Chunk]:
        """What was still held back, redacted."""
        held, self._held = self._held, []
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
        if b"-----BEGIN" in data and _begun_key(data) < len(data):
            return False
        # Most chunks end in a line feed or a brace, which neither is in a token nor begins a secret.
        if not data or data[-1] not in self._risks.last:
            return True
        return _begun_token(data) == len(data) and not self._begins_one(data)

    def _begins_one(self, data: bytes) -> bool:
        """Whether the data ends in some beginning of a secret."""
        last = data[-1:]
        return any(last in start and _overlaps(data, start) for start in self._risks.starts)


def _begun_key(data: bytes) -> int:
    """Where a private key begins that has not ended yet; the length of the data if there is none."""
    begun = data.rfind(b"-----BEGIN", -LONGEST_KEY)
    if begun < 0:
        return len(data)
    end = data.find(b"-----END", begun)
    return begun if end < 0 or data.find(b"KEY-----", end) < 0 else len(data)


def _begun_token(data: bytes) -> int:
    """Where the token that the data ends in begins, if it looks like a secret; the length of the data if not."""
    token = TOKEN_AT_END.search(data, max(0, len(data) - LONGEST_TOKEN))
    return token.start() if token and any(start in token[0] for start in STARTS) else len(data)


def _overlaps(data: bytes, start: bytes) -> bool:
    """Whether the data ends in some beginning of ``start``."""
    return any(data.endswith(start[:size]) for size in range(min(len(start), len(data)), 0, -1))
