"""Values of YAML and JSON files as plain JSON data and back, with bounds: an alias may repeat a value for ever."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from replay.errors import CassetteError

MAX_WEIGHT = 256 << 20
"""Bytes that one record may come to once its aliases are written out."""

MAX_DEPTH = 200

BYTES, TEXT, NUMBER = "!!binary", "!!str", "!!number"
"""Keys of the one-key objects that stand for bytes, for text that is no UTF-8 (both in base64), and for a number that
JSON or 64 bits do not have."""

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
    """``value`` as JSON data; what JSON does not have is an object of one key, other keys than text become text."""
    if isinstance(value, dict):
        return {_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, bytes):
        return {BYTES: b64encode(value).decode()}
    if isinstance(value, str):
        return value if _is_utf8(value) else {TEXT: b64encode(value.encode("utf-8", "surrogatepass")).decode()}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if -_LARGEST < value < _LARGEST else {NUMBER: repr(value)}
    return str(value)


def from_plain(value: Any) -> Any:
    """The reverse of :func:`to_plain`."""
    if isinstance(value, dict):
        ((key, inside),) = value.items() if len(value) == 1 else (("", None),)
        if key in _READ and isinstance(inside, str):
            try:
                return _READ[key](inside)
            except ValueError:  # a cassette that somebody has edited
                return inside
        return {name: from_plain(item) for name, item in value.items()}
    return [from_plain(item) for item in value] if isinstance(value, list) else value


def _key(key: Any) -> str:
    return str(key).encode("utf-8", "backslashreplace").decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


_LARGEST = 1 << 63

_READ: dict[str, Callable[[str], Any]] = {
    BYTES: b64decode,
    TEXT: lambda text: b64decode(text).decode("utf-8", "surrogatepass"),
    NUMBER: _number,
}
