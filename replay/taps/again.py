"""Values that cannot be rebuilt from data: what a recording keeps of them, so that a replay can compare.

A tool may return a connection, a data frame, or an object of a class that its annotation does not name. Such a value
must not be served as something else. The recording keeps a sketch of it, ``{"$again": …}``: its data as far as there
is any, and the names of the classes. On replay the tool runs again, and its new value has to give the same sketch.
"""

from __future__ import annotations

from typing import Any

from replay.canon import values
from replay.canon.values import Unkept
from replay.events import Answer, Chunk, End, Failure
from replay.taps.exceptions import rebuilt

_MARK = b'{"$again":'

MAX_DEPTH = 6
"""Levels of objects within objects that a sketch shows."""


def is_again(answer: Answer) -> bool:
    """Whether ``answer`` is a sketch, and its function has to run again."""
    return len(answer.chunks) == 1 and answer.chunks[0].data.startswith(_MARK)


def sketch_of(value: Any) -> Chunk:
    """What there is to compare of ``value``."""
    return Chunk(_MARK + values.dump(_drawn(value, 0)) + b"}")


def _drawn(value: Any, depth: int) -> Any:
    if _is_kept(value):
        return value
    name = f"<{values.type_name(type(value))}>"
    if depth == MAX_DEPTH:
        return name
    if isinstance(value, (list, tuple)):
        return [name, [_drawn(item, depth + 1) for item in value]]
    if isinstance(value, dict):
        return [name, {str(key): _drawn(item, depth + 1) for key, item in value.items()}]
    if isinstance(value, BaseException):
        return [name, [_drawn(item, depth + 1) for item in value.args]]
    fields = getattr(value, "__dict__", {})
    return [name, {key: _drawn(item, depth + 1) for key, item in fields.items() if not key.startswith("_")}]


def _is_kept(value: Any) -> bool:
    try:
        values.dump(value)
    except Unkept:
        return False
    return True


def is_rebuilt(value: Any, data: bytes, kind: Any) -> bool:
    """Whether ``data``, which :func:`values.dump` made of ``value``, gives the same value again."""
    try:
        back = values.load(data, kind=kind)
        return type(back) is type(value) and values.dump(back) == data
    except Exception:  # the program's own classes may refuse in any way
        return False


def is_raised_again(error: BaseException, failure: Failure) -> bool:
    """Whether ``failure``, made of ``error``, gives the same exception again, with all that it carries."""
    try:
        back = rebuilt(failure)
        state = values.dump({"args": list(error.args), "attributes": vars(error)})
        return (
            type(back) is type(error)
            and state == values.dump({"args": list(back.args), "attributes": vars(back)})
            and str(back) == str(error)
        )
    except Exception:
        return False


def runs_again(value: Any) -> tuple[Chunk, End]:
    """How an answer is written down whose function is to run again on replay."""
    return sketch_of(value), End()
