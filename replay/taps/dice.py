"""The dice: ``random``, ``secrets``, ``os.urandom``, UUIDs, and numpy where the program has it.

Most of it goes through two seams. Everything above the operating system's entropy (``secrets``, ``SystemRandom``,
``uuid4``, numpy's seeds) calls ``os.urandom``, or what it keeps of that by name; all of Python's own generators draw
through :mod:`replay.taps.random`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType

from replay.taps import byname, random, uuids
from replay.taps.byname import Replacement
from replay.taps.reading import Reading

LIBRARIES = {
    "fastuuid": "replay.taps.uuids",
    "numpy.random": "replay.taps.numpy",
    "uuid_utils": "replay.taps.uuids",
}
"""Libraries with dice of their own, by the module whose import is waited for, and their taps."""

_ENTROPY = ("urandom", "getrandom")

_undo: list[Callable[[], None]] = []
_attached: set[str] = set()


def attach(module: ModuleType | None = None) -> None:
    """The program's draws ask the session of their task, where there is one. Idempotent.

    With ``module``, one of :data:`LIBRARIES` that the program has just imported: that one too, if the rest is attached.
    """
    if module is None:
        _replace([*_python(), *_libraries(sys.modules.get(name) for name in LIBRARIES)])
    elif _undo:
        _replace(_libraries([module]))


def detach() -> None:
    """Everything is as before :func:`attach`, also in modules imported since."""
    while _undo:
        _undo.pop()()
    _attached.clear()


def _python() -> Iterator[Replacement]:
    if not _undo:
        yield random.attach()
        entropy = [
            Reading(f"os.{name}", getattr(os, name), bytes, sized=True) for name in _ENTROPY if hasattr(os, name)
        ]
        yield Replacement([reading.pair for reading in (*entropy, *uuids.standard())])


def _libraries(modules: Iterable[ModuleType | None]) -> Iterator[Replacement]:
    for module in modules:
        if module is not None and module.__name__ not in _attached:
            _attached.add(module.__name__)
            yield import_module(LIBRARIES[module.__name__]).attach(module)


def _replace(replacements: Iterable[Replacement]) -> None:
    """All of them in one scan of the modules, and one to undo it."""
    listed = list(replacements)
    pairs = [pair for replacement in listed for pair in replacement.pairs]
    if not pairs:
        return
    byname.replace(pairs)
    _undo.extend(replacement.undo for replacement in listed)
    _undo.append(lambda: byname.put_back(pairs))
