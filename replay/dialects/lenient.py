"""Reading JSON that may have any shape: a wrong type reads as an absent value, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import orjson

from replay.canon.weight import LIGHT, is_heavy

Document = dict[str, Any]


def parse(data: bytes | str) -> Any:
    """The JSON value of ``data``, or None when it is none. Nesting is bounded by the parsers (1,024 levels).

    What the strict parser refuses (NaN, half a surrogate pair, bytes that are not UTF-8) is tried again leniently;
    what cannot be encoded then reads as ``?``. What would take too much memory is not read either.
    """
    if len(data) >= LIGHT and is_heavy(data if isinstance(data, bytes) else data.encode("utf-8", "replace")):
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_leniently(data)


def _parse_leniently(data: bytes | str) -> Any:
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    try:
        value = json.loads(text.strip("\ufeff"))
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def document(value: Any) -> Document:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list as it is, one object as a list of one, else an empty list."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def documents(value: Any) -> list[Document]:
    """The objects in ``value``."""
    return [item for item in items(value) if isinstance(item, dict)] if value else []


def string(value: Any) -> str:
    """``value`` if it is text, else empty."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int:
    """``value`` if it is a whole number of at least 0, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < 1 << 53 and value == int(value) else 0


def index(value: Any, default: int) -> int:
    """``value`` if it can number the parts of a stream, else ``default``. Never used to size anything."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def grown(holder: Document, key: str) -> list[Any]:
    """The list at ``key``, to be added to; made where there is none."""
    found = holder.get(key)
    if not isinstance(found, list):
        found = holder[key] = []
    return found


def compact(value: Any) -> str:
    """``value`` printed as compact JSON; text stays text; None is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except (TypeError, RecursionError):
        return "(nested too deeply to print)"


def error_text(doc: Document) -> str:
    """The error that an answer reports, as ``type: message``; empty when it reports none.

    Providers and proxies send ``{"error": {…}}``, ``{"error": "…"}``, ``{"detail": …}`` or ``{"message": "…"}``.
    """
    error = doc.get("error")
    if isinstance(error, dict):
        kind = next((k for k in (error.get("type"), error.get("status"), error.get("code")) if isinstance(k, str)), "")
        return ": ".join([part for part in (kind, compact(error.get("message"))) if part]) or compact(error)
    return compact(error)
