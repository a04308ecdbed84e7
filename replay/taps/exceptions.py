"""Exceptions of tools as data, and back.

The class is looked for among the exception classes that the program has loaded; a name from a file imports nothing,
and no constructor runs: arguments and attributes are set on a bare instance.
"""

from __future__ import annotations

from typing import Any

from replay.canon import values
from replay.canon.values import Unkept
from replay.errors import RecordedError
from replay.events import End, Failure


def ended_by(error: BaseException, *, started: bool) -> End:
    """How an answer ended that ``error`` ended; cancelling it and closing its generator is the program's own doing."""
    # By name: asyncio is not imported by who only marks a tool, and trio has a class of its own.
    if isinstance(error, GeneratorExit) or type(error).__name__ in ("CancelledError", "Cancelled"):
        return End("closed")
    return End("broken" if started else "failed", failure_of(error))


def failure_of(error: BaseException) -> Failure:
    kind = type(error)
    return Failure(f"{kind.__module__}.{kind.__qualname__}", str(error), _state(error))


def _state(error: BaseException) -> bytes:
    state = {"args": list(error.args), "attributes": vars(error)}
    try:
        return values.dump(state)
    except Unkept:
        kept = {name: value for name, value in vars(error).items() if _is_kept(value)}
        return values.dump({"args": [str(arg) for arg in error.args], "attributes": kept})


def _is_kept(value: Any) -> bool:
    try:
        values.dump(value)
    except Unkept:
        return False
    return True


def rebuilt(failure: Failure) -> BaseException:
    """The exception that ``failure`` describes, or :class:`RecordedError` when its class is not loaded."""
    kind = _loaded(BaseException, failure.name)
    if kind is None:
        return RecordedError(f"{failure.name}: {failure.message}")
    state = values.load(failure.state)
    error = kind.__new__(kind)
    error.args = tuple(state["args"])
    for name, value in state["attributes"].items():
        setattr(error, name, value)
    return error


def _loaded(base: type[BaseException], name: str) -> type[BaseException] | None:
    if f"{base.__module__}.{base.__qualname__}" == name:
        return base
    return next((found for kind in base.__subclasses__() if (found := _loaded(kind, name))), None)
