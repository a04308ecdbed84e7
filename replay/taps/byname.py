"""Replacing a function everywhere it is known by name, and putting it back.

``from time import monotonic``, done before recording, keeps the original in the importing module, and replacing
``time.monotonic`` never reaches it. So every loaded module is scanned for those very objects, under whatever name. A
module imported later takes the replacement from its home; putting back scans again, and so finds that one too.

A library's module in which nothing was found is scanned again only when it has more or fewer names: 150,000 names of
6,000 modules take 40 ms, and each test is a session of its own. The program's own modules are always scanned.

Not found: references held elsewhere than in a module's namespace (a default argument, a closure, a class attribute).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from replay.taps.callers import verdict_on
from replay.taps.own import is_own

Pair = tuple[Any, Any]
"""What is there, and what is to be there."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Replacement:
    """``pairs`` to replace by name, and how to ``undo`` what was done besides."""

    pairs: list[Pair]
    undo: Callable[[], None] = _nothing


Barren = dict[str, tuple[ModuleType, dict[str, Any], int]]
"""Modules in which none of some objects was found, by name, with their namespaces and how many names each had then."""

_barren: dict[frozenset[int], tuple[list[Any], Barren]] = {}
"""By the ids of the objects looked for, with these objects: an id is no other's while they live."""

MOST = 32
"""Sets of objects looked for; more come only where each session finds other fakes in place of the functions."""


def replace(pairs: Iterable[Pair]) -> None:
    """Replace each first by its second in the namespaces of all modules but plumbing's."""
    by_id = {id(pair[0]): pair for pair in pairs}
    _exchange(by_id, _barren_of([old for old, _ in by_id.values()]), is_replacing=True)


def put_back(pairs: Iterable[Pair]) -> None:
    """Undo :func:`replace` of the same pairs, wherever the replacement has got to since."""
    by_id = {id(new): (new, old) for old, new in pairs}
    _exchange(by_id, _barren_of([old for _, old in by_id.values()]), is_replacing=False)


def _barren_of(objects: list[Any]) -> Barren:
    key = frozenset(map(id, objects))
    if key not in _barren:
        if len(_barren) >= MOST:
            _barren.clear()
        _barren[key] = (objects, {})
    return _barren[key][1]


def _exchange(by_id: dict[int, Pair], barren: Barren, *, is_replacing: bool) -> None:
    # By identity: namespaces hold things that cannot be hashed, or that compare in ways of their own.
    holds_none = by_id.keys().isdisjoint
    for name, module in sys.modules.copy().items():
        known = barren.get(name)
        if known is not None and known[0] is module and len(known[1]) == known[2]:
            continue
        if not issubclass(type(module), ModuleType):
            continue
        # Not vars(): a lazily loaded module would load itself at the first look.
        namespace = object.__getattribute__(module, "__dict__")
        # In one call of C, for another thread may be importing into this module.
        if holds_none(map(id, namespace.values())):
            if is_replacing and not is_own(str(namespace.get("__file__") or "")):
                barren[name] = (module, namespace, len(namespace))
        elif not (is_replacing and verdict_on(name) == "plumbing"):
            for key, value in namespace.copy().items():
                if id(value) in by_id:
                    namespace[key] = by_id[id(value)][1]
