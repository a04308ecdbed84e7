"""Whether a text that goes on elsewhere ends within what may turn out to be a secret."""

from __future__ import annotations

import re
from functools import lru_cache

from replay.canon.enclosed import may_be_base64
from replay.canon.names import BEGINNINGS, Names
from replay.canon.patterns import PATTERNS

_BACKSLASH = ord("\\")
LONGEST_KEY = 20_000
LONGEST_TOKEN = 8192
LOOKED_BACK = 700
"""Bytes in which a name and the beginning of its value are looked for."""

STARTS = tuple(sorted({needle for pattern in PATTERNS for needle in pattern.needles}))
_PREFIXES = frozenset(start[:size] for start in STARTS for size in range(1, len(start) + 1))
_FIRST = frozenset(start[:3] for start in STARTS)
_ANY_START = re.compile(b"|".join(map(re.escape, STARTS)))
_LONGEST_START = max(map(len, STARTS))

NAME_BEGINNINGS = frozenset(name[:size].encode() for name in BEGINNINGS for size in range(1, 5))

_TOKEN = rb"[A-Za-z0-9_+/.~=:-]"
_AS_TOKEN = bytes(116 if re.fullmatch(_TOKEN, bytes([code])) else 46 for code in range(256))
_WORD = re.compile(rb"[A-Za-z0-9_-]*\Z")
_BEARER = re.compile(rb"[Bb]earer {0,4}" + _TOKEN + rb"{0,4096}\Z")
_LOGIN = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@\"'\\<>]{0,600}\Z")
_AS_WORD = bytes(116 if re.fullmatch(rb"[A-Za-z0-9_-]", bytes([code])) else 46 for code in range(256))
_AS_PIECE = bytes(46 if bytes([code]) in b" \t\r\n\"'\\=:,;()[]{}<>`|" else 116 for code in range(256))
_LINE_ENDS = (b"\n", rb"\n")
LONGEST_PLAIN = 20
"""Characters. A word that is longer may be anything."""
_BARE_ENOUGH = 4
"""Bytes of a known value that need not stand at the beginning of a word to be held back."""


class Risks:
    """``known``: the forms of secrets known by value. ``any_line``: a line of any text may turn out to hold a secret,
    for the user has rules of which nobody knows how that begins."""

    def __init__(self, names: Names, known: tuple[bytes, ...], *, any_line: bool = False) -> None:
        self.names = names
        self.known = known
        self.any_line = any_line
        self._beginnings = _beginnings(known)
        self._phrases = tuple([needle for needle in known if b"." in needle.translate(_AS_PIECE)])

    def goes_on(self, data: bytes) -> bool:
        """Whether it is plain without a closer look that ``data`` :meth:`may_go_on`."""
        return self.any_line and not data.endswith(_LINE_ENDS)

    def is_likely(self, text: bytes) -> bool:
        """A quick look at a short text: whether it is worth asking if it :meth:`may_go_on`."""
        piece = _unescaped(text, text.translate(_AS_PIECE).rfind(b".") + 1)
        word = piece[piece.translate(_AS_WORD).rfind(b".") + 1 :]
        return (
            self.any_line
            or word in self._beginnings
            or piece in self._beginnings
            or len(piece) > LONGEST_PLAIN
            or piece[:3] in _FIRST
            or word[:3] in _FIRST
            or word[:4].lower() in NAME_BEGINNINGS
            or self.names.may_be_in(text)
            or b"://" in text
            or b"earer" in text
            or b"-----" in text
            or any(_begins(text, phrase) for phrase in self._phrases)
        )

    def may_go_on(self, data: bytes) -> bool:
        """Whether the end of ``data`` can be part of a secret that goes on behind it."""
        if not data:
            return False
        if self.goes_on(data):
            return True
        if b"-----BEGIN" in data and _begun_key(data) < len(data):
            return True
        tail = data[-LOOKED_BACK:]
        word = _last_token(data) if _AS_TOKEN[data[-1]] == 116 else b""
        return (
            (word != b"" and _may_be_token(word))
            or (b"earer" in tail and _BEARER.search(tail) is not None)
            or (b"://" in tail and _LOGIN.search(tail) is not None)
            or self.names.may_be_open(tail)
            or any(_begins(tail, needle) for needle in self.known)
        )


@lru_cache(maxsize=64)
def _beginnings(known: tuple[bytes, ...]) -> frozenset[bytes]:
    """Whole words that secrets begin with."""
    return _PREFIXES.union(needle[:size] for needle in known for size in range(1, len(needle) + 1))


def _may_be_token(word: bytes) -> bool:
    if _ANY_START.search(word) or (may_be_base64(word, 0, len(word)) and len(word) < LONGEST_TOKEN):
        return True
    begun = _WORD.search(word, max(0, len(word) - _LONGEST_START - 1))
    return begun is not None and begun[0] in _PREFIXES


def _last_token(data: bytes) -> bytes:
    end = data[-LONGEST_TOKEN:]
    return _unescaped(end, end.translate(_AS_TOKEN).rfind(b".") + 1)


def _unescaped(data: bytes, start: int) -> bytes:
    """What ``data`` ends in from ``start`` on, without the letter of an escape (``\\n``) there."""
    return data[start + 1 :] if start and data[start - 1] == _BACKSLASH else data[start:]


def _begun_key(data: bytes) -> int:
    """Where a private key begins that has not ended yet; the length of the data if there is none."""
    begun = data.rfind(b"-----BEGIN", -LONGEST_KEY)
    if begun < 0:
        return len(data)
    end = data.find(b"-----END", begun)
    return begun if end < 0 or data.find(b"-----", end + 8) < 0 else len(data)


def _begins(data: bytes, secret: bytes) -> bool:
    """Whether the data ends in some beginning of ``secret``, at the beginning of a word or long enough."""
    for size in _sizes(secret, data[-1]) if data else ():
        if data.endswith(secret[:size]):
            before = data[-size - 1 : -size]
            if size >= _BARE_ENOUGH or not before.isalnum():
                return True
    return False


@lru_cache(maxsize=4096)
def _sizes(secret: bytes, last: int) -> tuple[int, ...]:
    """The lengths of the beginnings of ``secret``, not all of it, that end in the byte ``last``."""
    return tuple(size for size in range(1, len(secret)) if secret[size - 1] == last)
