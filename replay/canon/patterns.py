"""Secrets that can be told by their shape alone. One row a vendor; the shapes are the vendors' own documented prefixes.

Cheap looks come before any regular expression: every secret here holds a run of at least :data:`RUN` token
characters, and one of its row's ``needles``, most of them within that very run. A match must not start in the middle of
a word: ``task-…`` is no ``sk-…``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

RUN = 16
"""The shortest run of token characters in any secret below."""

_TOKEN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/")
_AS_RUNS = bytes(116 if code in _TOKEN else 46 for code in range(256))
_RUN = b"t" * RUN


@dataclass(frozen=True, slots=True)
class Pattern:
    """``group`` is the part of a match that is secret (0: all of it)."""

    name: str
    needles: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    group: int = 0


def _row(name: str, needles: str, regex: str, group: int = 0) -> Pattern:
    return Pattern(name, tuple(needles.encode().split(b"|")), re.compile(regex.encode()), group)


_START = r"(?<![A-Za-z0-9_-])"
# A slug of words is no key: a key has a digit.
_DIGIT = r"(?=[A-Za-z_-]{0,200}[0-9])"
_PEM = r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{1,20000}(?:-----END [A-Z ]{0,40}KEY-----)?"
_BEARER = r"\b[Bb]earer {1,4}" + _DIGIT + r"([A-Za-z0-9_+/-][A-Za-z0-9._~+/-]{15,}={0,2})"

PATTERNS: tuple[Pattern, ...] = (
    _row("private-key", "-----BEGIN", _PEM),
    _row("jwt", "eyJ", _START + r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    _row("anthropic-key", "sk-ant-", _START + r"sk-ant-[A-Za-z0-9_-]{16,}"),
    _row("openai-key", "sk-", _START + r"sk-(?!ant-)" + _DIGIT + r"[A-Za-z0-9_-]{20,}"),
    _row("google-key", "AIza", _START + r"AIza[A-Za-z0-9_-]{35}"),
    _row("google-token", "ya29.", _START + r"ya29\.[A-Za-z0-9_-]{20,}"),
    _row("aws-key", "AKIA|ASIA", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _row("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", _START + r"gh[pousr]_[A-Za-z0-9]{20,}"),
    _row("github-token", "github_pat_", _START + r"github_pat_[A-Za-z0-9_]{20,}"),
    _row("slack-token", "xox", _START + r"xox[abeoprs]-[A-Za-z0-9-]{12,}"),
    _row("stripe-key", "sk_live_|rk_live_|sk_test_|rk_test_", _START + r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    _row("huggingface-token", "hf_", _START + r"hf_[A-Za-z0-9]{30,}"),
    _row("groq-key", "gsk_", _START + r"gsk_[A-Za-z0-9]{40,}"),
    _row("bearer", "Bearer |bearer ", _BEARER, group=1),
)  # fmt: skip


APART: tuple[tuple[bytes, bytes], ...] = (
    (b"J", b"eyJ"),
    (b"9", b"ya29."),
    (b"-----BEGIN", b"-----BEGIN"),
    (b"earer ", b"earer "),
)
"""Needles that may stand outside the run, each after something in it that is quicker to look for."""

WITHIN = tuple(
    sorted({needle for row in PATTERNS for needle in row.needles if not any(apart in needle for _, apart in APART)})
)
_ANY_WITHIN = re.compile(b"|".join(map(re.escape, WITHIN)))
SHORT_RUN = 128
"""Up to this many bytes one regular expression is quicker than a search for each needle."""


def may_hold_secret(data: bytes) -> bool:
    """The first look: one table look-up a byte, a few searches, and a closer look at long runs alone."""
    runs = data.translate(_AS_RUNS)
    start = runs.find(_RUN)
    if start < 0:
        return False
    for sign, needle in APART:
        if sign in data and (sign is needle or needle in data):
            return True
    while start >= 0:
        end = runs.find(b".", start)
        run = data[start:] if end < 0 else data[start:end]
        if _ANY_WITHIN.search(run) if len(run) <= SHORT_RUN else any(needle in run for needle in WITHIN):
            return True
        start = runs.find(_RUN, end) if end >= 0 else -1
    return False
