"""Python values as JSON, and back: tool arguments and results, clock and dice reads, the arguments of exceptions.

Plain JSON data appears as it is. Everything else is a tagged object with a single key that starts with ``$``, such as
``{"$tuple": [1, 2]}``; a plain dict of that shape gets one more ``$`` in front of its key. Nothing is ever imported or
called because a file names it: ``{"$object": ["shop.Order", {…}]}`` becomes an ``Order`` only when the caller hands
in that class, and is a plain dict otherwise.
"""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

from replay.canon.values_load import MAX_DEPTH, load

__all__ = ["MAX_DEPTH", "Unkept", "dump", "load"]

Encode = Callable[[Any, int], Any]


class Unkept(TypeError):
    """A value that cannot be written down; the caller marks a gap in the recording."""


def dump(value: Any) -> bytes:
    """``value`` as JSON bytes, equal for equal values. Raises :class:`Unkept` with the reason in words."""
    try:
        return orjson.dumps(_encode(value, 0))
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise Unkept(f"a value could not be kept: {error}") from error


def type_name(kind: type) -> str:
    """How a class is named in a file: ``module.qualname``."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _encode(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unkept(f"a value nests deeper than {MAX_DEPTH} levels, or contains itself")
    encode = ENCODERS.get(type(value))
    return encode(value, depth + 1) if encode else _object(value, depth + 1)


def _plain(value: Any, _depth: int) -> Any:
    return value


def _text(value: str, _depth: int) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, as in file names that are not UTF-8
        return {"$text": b64encode(value.encode("utf-8", "surrogatepass")).decode()}
    return value


def _integer(value: int, _depth: int) -> Any:
    return value if -(2**63) <= value < 2**64 else {"$int": hex(value)}


def _real(value: float, _depth: int) -> Any:
    return value if value - value == 0 else {"$float": str(value)}


def _items(value: Iterable[Any], depth: int) -> list[Any]:
    return [_encode(item, depth) for item in value]


def _sorted_items(value: Iterable[Any], depth: int) -> list[Any]:
    """The items in the order of their JSON, since the order of a set differs from one process to the next."""
    return sorted(_items(value, depth), key=orjson.dumps)


def _mapping(value: dict[Any, Any], depth: int) -> Any:
    if not all(map(_is_text, value)):
        return {"$dict": [_items(pair, depth) for pair in value.items()]}
    plain = {key: _encode(item, depth) for key, item in value.items()}
    if len(plain) == 1 and (key := next(iter(plain))).startswith("$"):
        return {f"${key}": plain[key]}
    return plain


def _is_text(key: Any) -> bool:
    return type(key) is str and isinstance(_text(key, 0), str)


def _datetime(value: datetime, _depth: int) -> Any:
    key = getattr(value.tzinfo, "key", None)
    if not value.fold and (value.tzinfo is None or isinstance(value.tzinfo, timezone)):
        return value.isoformat()
    return [value.replace(tzinfo=None).isoformat() if key else value.isoformat(), value.fold, key]


def _object(value: Any, depth: int) -> Any:
    """A value of a class that is not ours: its public data, under the name of the class."""
    kind = type(value)
    if isinstance(value, Enum):
        return {"$enum": [type_name(kind), _encode(value.value, depth)]}
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif callable(getattr(kind, "model_dump", None)) and callable(getattr(kind, "model_validate", None)):
        fields = _model_fields(value)
    else:
        raise Unkept(f"a value of type {type_name(kind)} cannot be kept")
    return {"$object": [type_name(kind), {name: _encode(item, depth) for name, item in fields.items()}]}


def _model_fields(value: Any) -> dict[str, Any]:
    try:
        return dict(value.model_dump())
    except Exception as error:  # the model's own serializers are the program's code
        raise Unkept(f"{type_name(type(value))}.model_dump() failed: {error}") from error


def _tagged(tag: str, encode: Encode) -> Encode:
    return lambda value, depth: {tag: encode(value, depth)}


ENCODERS: dict[type, Encode] = {
    str: _text,
    int: _integer,
    float: _real,
    bool: _plain,
    type(None): _plain,
    list: _items,
    dict: _mapping,
    tuple: _tagged("$tuple", _items),
    set: _tagged("$set", _sorted_items),
    frozenset: _tagged("$frozenset", _sorted_items),
    bytes: _tagged("$bytes", lambda value, _: b64encode(value).decode()),
    bytearray: _tagged("$bytearray", lambda value, _: b64encode(value).decode()),
    datetime: _tagged("$datetime", _datetime),
    date: _tagged("$date", lambda value, _: value.isoformat()),
    time: _tagged("$time", lambda value, _: [value.isoformat(), value.fold]),
    timedelta: _tagged("$timedelta", lambda value, _: [value.days, value.seconds, value.microseconds]),
    Decimal: _tagged("$decimal", lambda value, _: str(value)),
    UUID: _tagged("$uuid", lambda value, _: value.hex),
    complex: _tagged("$complex", lambda value, depth: _items((value.real, value.imag), depth)),
}
