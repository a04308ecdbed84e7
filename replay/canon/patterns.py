"""Secrets that can be told by their shape alone. One row a vendor; the shapes are the vendors' own documented prefixes.

Cheap looks come before any regular expression: every secret here holds a run of at least :data:`RUN` token
characters, and one of its row's ``needles``, most of them within that very run. A match must not start in the middle of
a word: ``task-…`` is no ``sk-…``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from replay.canon.enclosed import SHORTEST, may_be_base64

RUN = 16
"""The shortest run of token characters in any secret below."""

_TOKEN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/")
_AS_RUNS = bytes(116 if code in _TOKEN else 46 for code in range(256))
_RUN = b"t" * RUN


@dataclass(frozen=True, slots=True)
class Pattern:
    """``group`` is the part of a match that is secret (0: all of it). No needles: it may stand anywhere."""

    name: str
    needles: tuple[bytes, ...]
    text: bytes
    group: int = 0

    @property
    def regex(self) -> re.Pattern[bytes]:
        """Compiled when first asked for, since most runs meet few of these."""
        return _compiled(self.text)


@cache
def _compiled(text: bytes) -> re.Pattern[bytes]:
    return re.compile(text)


def row(name: str, needles: str, regex: str, group: int = 0) -> Pattern:
    """A row of the table; ``needles`` are separated by ``|``."""
    return Pattern(name, tuple(filter(None, needles.encode().split(b"|"))), regex.encode(), group)


# What stands before a word; in JSON that may be an escape, such as that of a new line.
_START = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
# A slug of words is no key: a key has a digit.
_DIGIT = r"(?=[A-Za-z_-]{0,200}[0-9])"
_PEM = r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){1,20000}(?:-----END [A-Z ]{0,50}-----)?"
_BEARER = r"\b[Bb]earer {1,4}" + _DIGIT + r"([A-Za-z0-9_+/-][A-Za-z0-9._~+/-]{15,}={0,2})"
_JWT = _START + r"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ)?[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]*"
_SLACK_HOOK = r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9+/_-]{16,})"

PATTERNS: tuple[Pattern, ...] = (
    row("private-key", "-----BEGIN", _PEM),
    row("jwt", "eyJ", _JWT),
    row("anthropic-key", "sk-ant-", _START + r"sk-ant-[A-Za-z0-9_-]{16,}"),
    row("openai-key", "sk-", _START + r"sk-(?!ant-)" + _DIGIT + r"[A-Za-z0-9_-]{20,}"),
    row("google-key", "AIza", _START + r"AIza[A-Za-z0-9_-]{35}"),
    row("google-token", "ya29.", _START + r"ya29\.[A-Za-z0-9_-]{20,}"),
    row("google-client-secret", "GOCSPX-", _START + r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    row("google-refresh-token", "1//0", r"(?<![A-Za-z0-9/])1//0[A-Za-z0-9_-]{30,}"),
    row("aws-key", "AKIA|ASIA", _START + r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    row("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", _START + r"gh[pousr]_[A-Za-z0-9]{20,}"),
    row("github-token", "github_pat_", _START + r"github_pat_[A-Za-z0-9_]{20,}"),
    row("gitlab-token", "glpat-|gldt-|glrt-", _START + r"gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,}"),
    row("slack-token", "xox", _START + r"xox[abeoprs]-[A-Za-z0-9-]{12,}"),
    row("slack-token", "xapp-", _START + r"xapp-[0-9]-[A-Za-z0-9-]{12,}"),
    row("slack-hook", "/services/T|/workflows/T", _SLACK_HOOK, group=1),
    row("stripe-key", "sk_live_|rk_live_|sk_test_|rk_test_", _START + r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    row("webhook-secret", "whsec_", _START + r"whsec_[A-Za-z0-9+/=]{20,}"),
    row("huggingface-token", "hf_", _START + r"hf_[A-Za-z0-9]{30,}"),
    row("groq-key", "gsk_", _START + r"gsk_[A-Za-z0-9]{40,}"),
    row("xai-key", "xai-", _START + r"xai-[A-Za-z0-9]{40,}"),
    row("perplexity-key", "pplx-", _START + r"pplx-[A-Za-z0-9]{32,}"),
    row("replicate-token", "r8_", _START + r"r8_[A-Za-z0-9]{30,}"),
    row("tavily-key", "tvly-", _START + r"tvly-" + _DIGIT + r"[A-Za-z0-9_-]{20,}"),
    row("langsmith-key", "lsv2_", _START + r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{32,}"),
    row("pinecone-key", "pcsk_", _START + r"pcsk_[A-Za-z0-9_]{30,}"),
    row("nvidia-key", "nvapi-", _START + r"nvapi-[A-Za-z0-9_-]{40,}"),
    row("npm-token", "npm_", _START + r"npm_[A-Za-z0-9]{36,}"),
    row("pypi-token", "pypi-Ag", _START + r"pypi-Ag[A-Za-z0-9_-]{50,}"),
    row("docker-token", "dckr_pat_", _START + r"dckr_pat_[A-Za-z0-9_-]{20,}"),
    row("sendgrid-key", "SG.", _START + r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    row("telegram-token", ":AA", r"(?<![A-Za-z0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    row("databricks-token", "dapi", _START + r"dapi[0-9a-f]{32}(?![0-9a-f])"),
    row("digitalocean-token", "dop_v1_", _START + r"do[opr]_v1_[0-9a-f]{40,}"),
    row("vault-token", "hvs.", _START + r"hvs\.[A-Za-z0-9_-]{24,}"),
    row("linear-key", "lin_api_", _START + r"lin_api_[A-Za-z0-9]{32,}"),
    row("notion-token", "ntn_|secret_", _START + r"(?:ntn|secret)_[A-Za-z0-9]{40,}"),
    row("shopify-token", "shpat_|shpss_", _START + r"shp(?:at|ss)_[0-9a-fA-F]{32}"),
    row("atlassian-token", "ATATT3", _START + r"ATATT3[A-Za-z0-9_=-]{40,}"),
    row("bearer", "Bearer |bearer ", _BEARER, group=1),
)  # fmt: skip


APART = (b"-----BEGIN", b"earer ")
"""Needles that may stand outside the run."""

JOINTS = frozenset(b".:\\")
"""What a run goes on from: ``SG.``, ``hvs.``, ``:AA`` and the parts of a JWT; and the escapes of JSON."""

WITHIN = tuple(
    sorted({needle for row in PATTERNS for needle in row.needles if not any(apart in needle for apart in APART)})
)
_ANY_WITHIN = re.compile(b"|".join(map(re.escape, WITHIN)))
_FIRST = frozenset(needle[:3] for needle in WITHIN)
LONGEST_TOKEN = 4096
"""Bytes. A longer run is data: no token starts within it."""


def may_hold_secret(data: bytes) -> bool:
    """The first look: one table look-up a byte, a few searches, and a closer look at long runs alone.

    A run that looks like text in base64 counts: what is inside is looked at in turn.
    """
    runs = data.translate(_AS_RUNS)
    start = runs.find(_RUN)
    if start < 0:
        return False
    for needle in APART:
        if needle in data:
            return True
    while start >= 0:
        end = runs.find(b".", start)
        if end < 0:
            end = len(data)
        if data[start : start + 3] in _FIRST or (start and data[start - 1] in JOINTS):
            return True
        if end - start >= SHORTEST and may_be_base64(data, start, end - start):
            return True
        if data.find(b"/", start, end) >= 0 and _ANY_WITHIN.search(data, start, min(end, start + LONGEST_TOKEN)):
            return True
        start = runs.find(_RUN, end)
    return False


def rows_for(data: bytes) -> list[Pattern]:
    """The rows that may match in ``data``: those one of whose needles is in it."""
    found = {match[0] for match in _NEEDLE.finditer(data)}
    return [row for row in PATTERNS if not found.isdisjoint(row.needles)]


_ALL = sorted({needle for row in PATTERNS for needle in row.needles}, key=len, reverse=True)
_NEEDLE = re.compile(b"|".join(map(re.escape, _ALL)))
