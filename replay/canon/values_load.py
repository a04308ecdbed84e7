"""The way back from JSON to Python values. Input is hostile: bounded depth, a closed table of tags, no import.

Classes come only from the caller's annotation: the class itself, those inside ``list[Order]``, ``Order | None`` or
``dict[str, Order]``, the classes of its fields, and subclasses that the program has defined.
"""

from __future__ import annotations

import dataclasses
from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

from replay.canon.weight import load_json
from replay.errors import CassetteError

MAX_DEPTH = 80
"""Levels of nesting in a Python value. A tag takes up to three levels of JSON, and orjson writes at most 254."""

PLAIN = frozenset([int, float, str])
"""Items that stand for themselves."""

JSON_DEPTH = 3 * MAX_DEPTH + 3

Known = dict[str, type]
Decode = Callable[[Any], Any]


def load(data: bytes, kind: Any = None) -> Any:
    """The value that :func:`replay.canon.values.dump` wrote.

    ``kind``: a class or an annotation; its dataclasses, models and enums are rebuilt, others come as plain data.
    Raises :class:`replay.errors.CassetteError` when ``data`` was not written by ``dump``, or no longer fits ``kind``.
    """
    try:
        value = load_json(data)
        if type(value) is list and PLAIN.issuperset(map(type, value)):  # what reads of the clock and the dice are
            return value
        return _decode(value, {} if kind is None else classes_in(kind), 0)
    except CassetteError:
        raise
    except Exception as error:  # a model's validators are the program's code, and may raise anything
        raise CassetteError(
            f"a stored value cannot be read: {error}", hint="the file is damaged, or the class changed since"
        ) from error


def classes_in(kind: Any) -> Known:
    """The classes that an annotation mentions, at any depth, by their names in a file."""
    known: Known = {}
    waiting = [kind]
    while waiting:
        item = waiting.pop()
        waiting.extend(get_args(item))
        if not isinstance(item, type) or item.__module__ == "builtins":
            continue
        name = f"{item.__module__}.{item.__qualname__}"
        if name not in known:
            known[name] = item
            waiting.extend([*type.__subclasses__(item), *_field_types(item)])
    return known


def _field_types(kind: type) -> list[Any]:
    if not (dataclasses.is_dataclass(kind) or hasattr(kind, "model_validate")):
        return []
    try:
        return list(get_type_hints(kind).values())
    except Exception:  # a hint may name what exists only while type checking
        return []


def _decode(value: Any, known: Known, depth: int) -> Any:
    if depth > JSON_DEPTH:
        raise CassetteError("a stored value nests too deep", hint="the file is damaged")
    if isinstance(value, list):
        return [_decode(item, known, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (key := next(iter(value))).startswith("$"):
        return _untag(key, value[key], known, depth + 1)
    return {key: _decode(item, known, depth + 1) for key, item in value.items()}


def _untag(tag: str, value: Any, known: Known, depth: int) -> Any:
    if tag.startswith("$$"):
        return {tag[1:]: _decode(value, known, depth)}
    if tag in LEAVES:
        return LEAVES[tag](value)
    if tag == "$object":
        name, fields = value
        return _rebuild(known.get(name), {key: _decode(item, known, depth) for key, item in fields.items()})
    if tag == "$enum":
        name, stored = value
        member = known.get(name)
        plain = _decode(stored, known, depth)
        return member(plain) if member is not None and issubclass(member, Enum) else plain
    if tag not in WHOLES:
        raise CassetteError(f"unknown kind of value {tag!r}", hint="a newer version may know it")
    return WHOLES[tag](_decode(value, known, depth))


def _rebuild(kind: type | None, fields: dict[str, Any]) -> Any:
    if kind is None:
        return fields
    if dataclasses.is_dataclass(kind):
        return _rebuild_dataclass(kind, fields)
    validate: Callable[..., Any] | None = getattr(kind, "model_validate", None)
    if validate is None:
        return fields
    try:
        return validate(fields, by_name=True, by_alias=False)  # model_dump wrote field names, not aliases
    except TypeError:
        return validate(fields)


def _rebuild_dataclass(kind: type, fields: dict[str, Any]) -> Any:
    """The instance as it was: its fields are set, its ``__init__`` (the program's code) does not run again."""
    declared = {field.name for field in dataclasses.fields(kind)}
    if declared != fields.keys():
        raise CassetteError(f"the fields of {kind.__qualname__} changed: {sorted(declared ^ fields.keys())}")
    made: Any = object.__new__(kind)
    for name, item in fields.items():
        object.__setattr__(made, name, item)
    return made


def _bytes(value: Any) -> bytes:
    return b64decode(value, validate=True)


def _datetime(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    text, fold, key = value
    made = datetime.fromisoformat(text).replace(fold=fold)
    return made.replace(tzinfo=ZoneInfo(key)) if key else made


def _time(value: Any) -> time:
    text, fold = value
    return time.fromisoformat(text).replace(fold=fold)


def _complex(value: Any) -> complex:
    real, imaginary = value
    return complex(real, imaginary)


# Tags whose content is text or numbers, and tags whose content is decoded first.
LEAVES: dict[str, Decode] = {
    "$text": lambda value: _bytes(value).decode("utf-8", "surrogatepass"),
    "$int": lambda value: int(value, 16),
    "$float": float,
    "$bytes": _bytes,
    "$bytearray": lambda value: bytearray(_bytes(value)),
    "$datetime": _datetime,
    "$date": date.fromisoformat,
    "$time": _time,
    "$timedelta": lambda value: timedelta(*value),
    "$decimal": Decimal,
    "$uuid": UUID,
}
WHOLES: dict[str, Decode] = {
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$dict": dict,
    "$complex": _complex,
}
