"""Redaction of a stream: one stored piece for each chunk received, with secrets that straddle chunks still caught.

What might be the beginning of a secret is held back from its own piece and leads the next one. Only the stored copy is
held back; the program has had its chunk long before. Pieces of most streams end at a line or a quote, so nothing is
held.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from replay.canon.patterns import PATTERNS

TOKEN_AT_END = re.compile(rb"(?:[Bb]earer {0,4})?[A-Za-z0-9_+/.~=-]{1,4096}$")
LONGEST_KEY = 20_000
STARTS = tuple(sorted({needle for pattern in PATTERNS for needle in pattern.needles}))


class Stream:
    """``feed`` each chunk and store what it returns, then store what ``finish`` returns as part of the last piece."""

    def __init__(self, redact: Callable[[bytes], bytes], known: tuple[bytes, ...]) -> None:
        self._redact = redact
        self._known = known
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The redacted bytes that are safe to keep by now; may be empty."""
        data = self._held + data
        cut = self._safe(data)
        self._held = data[cut:]
        return self._redact(data[:cut])

    def finish(self) -> bytes:
        """What was still held back, redacted."""
        held, self._held = self._held, b""
        return self._redact(held)

    def _safe(self, data: bytes) -> int:
        """How many leading bytes cannot be part of a secret that goes on in the next chunk."""
        cuts = [len(data)]
        begun = data.rfind(b"-----BEGIN", -LONGEST_KEY)
        if begun >= 0 and data.find(b"KEY-----", data.find(b"-----END", begun)) < 0:
            cuts.append(begun)
        # Longest possible beginning of any start or known value that the data ends in.
        cuts.extend(len(data) - _overlap(data, start) for start in (*STARTS, *self._known))
        token = TOKEN_AT_END.search(data, max(0, len(data) - 4096))
        if token and any(start in token[0] for start in STARTS):
            cuts.append(token.start())
        return min(cuts)


def _overlap(data: bytes, start: bytes) -> int:
    """The length of the longest proper beginning of ``start`` that ``data`` ends in."""
    return next((size for size in range(min(len(start) - 1, len(data)), 0, -1) if data.endswith(start[:size])), 0)
