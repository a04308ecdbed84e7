"""Values of YAML and JSON files as plain JSON data and back, with bounds: an alias may repeat a value for ever."""

from __future__ import annotations

from base64 import b64decode, b64encode
from math import isfinite
from typing import Any

from replay.errors import CassetteError

MAX_WEIGHT = 256 << 20
"""Bytes that one record may come to once its aliases are written out."""

MAX_DEPTH = 200

BYTES = "!!binary"
"""Key of the one-key object that stands for bytes."""

FLOAT = "!!float"
"""The same for a number that JSON does not have."""

_EACH = 64


def check_weight(value: Any) -> None:
    """Raises :class:`CassetteError` when ``value``, written out, would be too large or too deep (or hold itself)."""
    weight = 0
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        weight += _EACH
        if isinstance(item, (str, bytes)):
            weight += len(item)
        elif isinstance(item, dict):
            waiting += [(each, depth + 1) for pair in item.items() for each in pair]
        elif isinstance(item, (list, tuple)):
            waiting += [(each, depth + 1) for each in item]
        if weight + _EACH * len(waiting) > MAX_WEIGHT or depth > MAX_DEPTH:
            raise CassetteError(
                f"a record comes to more than {MAX_WEIGHT} bytes or {MAX_DEPTH} levels", hint="the file is a trap"
            )


def to_plain(value: Any) -> Any:
    """``value`` as JSON data; bytes become ``{"!!binary": base64}``; other keys than text become text."""
    if isinstance(value, bytes):
        return {BYTES: b64encode(value).decode()}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return {FLOAT: repr(value)}
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def from_plain(value: Any) -> Any:
    """The reverse of :func:`to_plain`."""
    if isinstance(value, dict):
        if value.keys() == {BYTES} and isinstance(value[BYTES], str):
            return b64decode(value[BYTES])
        if value.keys() == {FLOAT} and value[FLOAT] in ("inf", "-inf", "nan"):
            return float(value[FLOAT])
        return {key: from_plain(item) for key, item in value.items()}
    return [from_plain(item) for item in value] if isinstance(value, list) else value
