"""Redaction of a stream: one stored piece for each chunk received, with secrets that straddle chunks still caught.

What might be the beginning of a secret is held back from its own piece and leads the next one. Only the stored copy is
held back; the program has had its chunk long before. Pieces of most streams end at a line or a quote, so nothing is
held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from replay.canon.patterns import PATTERNS

TOKEN = rb"[A-Za-z0-9_+/.~=-]"
TOKEN_AT_END = re.compile(rb"(?:[Bb]earer {1,4})?" + TOKEN + rb"{1,4096}$")
LONGEST_TOKEN = 4096
LONGEST_KEY = 20_000
STARTS = tuple(sorted({needle for pattern in PATTERNS for needle in pattern.needles}))

Spans = Iterable[tuple[int, int]]


class Stream:
    """``feed`` each chunk and store what it returns, then store what ``finish`` returns as part of the last piece.

    ``spans`` finds where the secrets in some bytes begin and end; ``known`` are the secrets by value.
    """

    def __init__(
        self, redact: Callable[[bytes], bytes], spans: Callable[[bytes], Spans], known: tuple[bytes, ...]
    ) -> None:
        self._redact = redact
        self._spans = spans
        self._known = known
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The redacted bytes that are safe to keep by now; may be empty."""
        data = self._held + data if self._held else data
        cut = self._safe(data)
        self._held = data[cut:]
        return self._redact(data[:cut])

    def finish(self) -> bytes:
        """What was still held back, redacted."""
        held, self._held = self._held, b""
        return self._redact(held)

    def _safe(self, data: bytes) -> int:
        """How many leading bytes cannot be part of a secret that goes on in the next chunk."""
        cut = min(_begun_key(data), _begun_token(data), len(data) - self._overlap(data))
        if cut == len(data):
            return cut
        cut = _token_start(data, cut)
        # Not through the middle of a secret that is all here. From the last one back: moving may meet another.
        for start, end in sorted(self._spans(data), reverse=True):
            if start < cut < end:
                cut = start
        return cut

    def _overlap(self, data: bytes) -> int:
        """The length of the longest beginning of any secret that the data ends in."""
        last = data[-1:]
        return max((_overlap(data, start) for start in (*STARTS, *self._known) if last in start), default=0)


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


def _token_start(data: bytes, cut: int) -> int:
    """Where the token that goes on at ``cut`` begins; ``cut`` itself for runs too long to be a secret."""
    before = data[max(0, cut - LONGEST_TOKEN) : cut]
    run = len(before) - len(before.rstrip(TOKEN_BYTES))
    return cut if run == LONGEST_TOKEN else cut - run


TOKEN_BYTES = bytes(code for code in range(256) if re.fullmatch(TOKEN, bytes([code])))


def _overlap(data: bytes, start: bytes) -> int:
    return next((size for size in range(min(len(start), len(data)), 0, -1) if data.endswith(start[:size])), 0)
