"""Canonical form of a body: equal for bodies that mean the same, and never equal for bodies that do not.

JSON is sorted by key and compact; ``1``, ``1.0`` and ``true`` stay apart. A form is sorted by name. A multipart body
loses its boundary, which clients draw at random. Everything else, JSON that is not valid among it, is its own bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson

from replay.canon.multipart import canonical_multipart
from replay.canon.url import sorted_pairs
from replay.events import Headers

Canonical = Callable[[bytes, str], bytes]

SORTED = orjson.OPT_SORT_KEYS
JSON_STARTS = (b"{", b"[")

# orjson keeps 64 bits of an integer and turns a longer one into a float, so any run of 19 digits gets a closer look.
# Mapping digits to one byte and searching for the run is a hundred times faster than a regular expression.
DIGITS = bytes(48 if 48 <= code <= 57 else 120 for code in range(256))
LONG_NUMBER = b"0" * 19
LEAST, MOST = -(2**63), 2**64 - 1
SPACED, SPACED_WITHIN = b'": ', 64
FLOAT_DIGITS = 17


def content_type(headers: Headers) -> str:
    """The value of the content-type header, or ``""``; a plain loop, since it runs on every replayed call."""
    for name, value in headers:
        if len(name) == 12 and name.lower() == "content-type":
            return value
    return ""


def canonical_body(body: bytes, type: str = "") -> bytes:
    """``body`` in canonical form, given the value of its content-type header (``""``: none was sent)."""
    if not body:
        return body
    if type == "application/json":
        return canonical_json(body)
    if not type:
        return canonical_json(body) if body.lstrip()[:1] in JSON_STARTS else body
    return form_of(type)(body, type)


def canonical_json(body: bytes, _type: str = "") -> bytes:
    """Sorted and compact JSON; ``body`` itself if it is no JSON, or says a thing twice, or nests too deep."""
    try:
        value = orjson.loads(body)
        # What comes back as it was has lost nothing: what httpx and so most SDKs send is compact.
        is_exact = SPACED not in body[:SPACED_WITHIN] and orjson.dumps(value) == body
        canonical = orjson.dumps(value, option=SORTED)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return body
    if is_exact:
        return canonical
    # A repeated key is lost in parsing, and two quotes at least go with it. (An escaped quote, \\u0022, hides that.)
    if body.count(b'"') != canonical.count(b'"') or LONG_NUMBER in body.translate(DIGITS):
        return _closely(body, canonical)
    if b"\\" in body and b"\\u0022" in body:
        return _closely(body, canonical)
    return canonical


def is_json(type: str) -> bool:
    """Whether a content-type is ``application/json`` or one of its relatives (``application/vnd.api+json``)."""
    kind = type.partition(";")[0].strip().lower()
    return kind.endswith(("/json", "+json"))


def form_of(type: str) -> Canonical:
    """The canonical form that a content-type asks for."""
    if type == "application/json" or is_json(type):
        return canonical_json
    return FORMS.get(type.partition(";")[0].strip().lower(), _as_is)


def _closely(body: bytes, canonical: bytes) -> bytes:
    """Parse again with exact integers, refusing repeated keys and fractions longer than a float can tell apart."""
    long_integer = False

    def integer(digits: str) -> int:
        nonlocal long_integer
        value = int(digits)
        long_integer |= not LEAST <= value <= MOST
        return value

    try:
        value = json.loads(body, parse_int=integer, parse_float=_short_fraction, object_pairs_hook=_once)
        if not long_integer:
            return canonical
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return body


def _short_fraction(text: str) -> float:
    """A number with a fraction or an exponent. Two of them with up to 17 digits are equal if they are as floats."""
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")
    if len(digits) > FLOAT_DIGITS:
        raise ValueError("more digits than a float keeps")
    return float(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict. Raises ValueError on a repeated key: which of the two counts is the server's choice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("repeated key")
    return value


def _canonical_form(body: bytes, _type: str) -> bytes:
    try:
        return sorted_pairs(body.decode("ascii")).encode()
    except UnicodeDecodeError:
        return body


def _as_is(body: bytes, _type: str) -> bytes:
    return body


FORMS: dict[str, Canonical] = {
    "application/x-www-form-urlencoded": _canonical_form,
    "multipart/form-data": canonical_multipart,
    "multipart/mixed": canonical_multipart,
    "multipart/related": canonical_multipart,
}
