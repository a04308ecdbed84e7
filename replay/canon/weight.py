"""How much memory JSON would take: a few bytes of text may stand for many objects.

Recorded files are not trusted, so what is decoded from them is weighed first. Only text that is large enough to matter.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

LIGHT = 1 << 20
"""Below this many bytes nothing is heavy."""

MAX_WEIGHT = 192 << 20
"""Bytes of memory, about, that a decoded value may take beyond its texts."""

COSTS = ((b"{", 240), (b"[", 64), (b",", 40))
"""What each of these makes, in bytes of CPython objects: a dictionary of one, an empty list, an element."""

_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def is_heavy(data: bytes) -> bool:
    """Whether decoding ``data`` could take more memory than it is worth."""
    if len(data) < LIGHT or _weight(data) <= MAX_WEIGHT:
        return False
    # Commas and brackets in texts weigh nothing: look again without those.
    return _weight(_TEXTS.sub(b"", data)) > MAX_WEIGHT


def load_json(data: bytes) -> Any:
    """The value of ``data``. Raises ValueError for what is no JSON, or too heavy."""
    if is_heavy(data):
        raise ValueError(f"{len(data)} bytes of JSON would take too much memory")
    return orjson.loads(data)


def _weight(data: bytes) -> int:
    return sum(data.count(mark) * cost for mark, cost in COSTS)
