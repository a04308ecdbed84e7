"""What is inside base64 (RFC 4648, both alphabets): found by its look, decoded, changed and encoded again.

Attachments, images and binary tool values travel so, and whoever reads a cassette can decode them.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable

SHORTEST = 24
"""Characters. Eighteen bytes: the shortest that can hold a secret told by its shape or name."""

SURELY = 64
"""Runs this long are always looked into; shorter ones, as long as most ids, only if they begin like text."""

# Text has no byte above 127, so every fourth character, with the upper bits of a byte, is one of the first half.
_TEXT = re.compile(rb"(?:[A-Za-f][A-Za-z0-9+/_-]{3}){6}")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_AS_RUNS = bytes(116 if code in _ALPHABET else 46 for code in range(256))
_RUN = b"t" * SHORTEST
_PADDING, _BACKSLASH, _U = b"=\\u"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def may_be_base64(data: bytes, start: int, size: int) -> bool:
    """Whether the run of token characters at ``start`` is worth decoding."""
    return size >= SURELY or (size >= SHORTEST and _TEXT.match(data, start, start + size) is not None)


def map_base64(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """``data`` with what is in its base64 replaced by ``change`` of it; each run stays as it is if that stays."""
    runs = data.translate(_AS_RUNS)
    pieces: list[bytes] = []
    at = 0
    start = runs.find(_RUN)
    while start >= 0:
        end = runs.find(b".", start)
        start += _escape(data, start)
        end = len(data) if end < 0 else end
        while end < len(data) and data[end] == _PADDING and (end - start) % 4:
            end += 1
        run = data[start:end]
        if (changed := _changed(run, change)) is not run:
            pieces += [data[at:start], changed]
            at = end
        start = runs.find(_RUN, end)
    return b"".join([*pieces, data[at:]]) if pieces else data


def _escape(data: bytes, start: int) -> int:
    """The length of what belongs to an escape of JSON at the beginning of a run (``\\n``, ``\\u003d``)."""
    if start == 0 or data[start - 1] != _BACKSLASH:
        return 0
    return 5 if data[start] == _U else 1


def _changed(run: bytes, change: Callable[[bytes], bytes]) -> bytes:
    digits = run.rstrip(b"=")
    if not may_be_base64(digits, 0, len(digits)) or len(digits) % 4 == 1:
        return run
    plain = a2b_base64(digits.translate(_TO_STANDARD) + b"=" * (-len(digits) % 4))
    changed = change(plain)
    if changed == plain:
        return run
    encoded = b2a_base64(changed, newline=False)
    if b"-" in digits or b"_" in digits:
        encoded = encoded.translate(_TO_URL_SAFE)
    return encoded if len(run) % 4 == 0 else encoded.rstrip(b"=")
