"""Tools that are classes of the program's own: a method is tapped in every class that defines it, now and later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from replay.taps.patch import MARK, wrap

Make = Callable[[Callable[..., Any]], Callable[..., Any]]

_running: ContextVar[Any] = ContextVar("replay_framework_tool", default=None)
"""The tool whose body runs: one method of it may call another, and a class that of its base."""


def wrap_derived(base: Any, makers: Mapping[str, Make]) -> None:
    """Wrap the methods that ``makers`` names in ``base`` and all its subclasses, those to come too. Idempotent."""
    _wrap_all(base, makers)
    if not hasattr(base.__init_subclass__, MARK):
        base.__init_subclass__ = classmethod(_subclassing(base.__init_subclass__.__func__, makers))


def is_running(tool: Any) -> bool:
    """Whether this code is called by the body of ``tool``."""
    return _running.get() is tool


@contextmanager
def body_of(tool: Any) -> Iterator[None]:
    """While it lasts, the body of ``tool`` runs."""
    outside = _running.set(tool)
    try:
        yield
    finally:
        _running.reset(outside)


def _wrap_all(kind: Any, makers: Mapping[str, Make]) -> None:
    for name, make in makers.items():
        if name in kind.__dict__:
            wrap(kind, name, make)
    for derived in kind.__subclasses__():
        _wrap_all(derived, makers)


def _subclassing(original: Callable[..., None], makers: Mapping[str, Make]) -> Callable[..., None]:
    def __init_subclass__(cls: type, **options: Any) -> None:
        original(cls, **options)
        _wrap_all(cls, makers)

    setattr(__init_subclass__, MARK, original)
    return __init_subclass__
