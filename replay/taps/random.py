"""``random``: every number that the program draws, from whichever generator.

Numbers are recorded as they are drawn, not the seed they grow from. So a recording changes nothing: the stream is
plain Python's, shared by all threads, and ``seed``, ``getstate`` and ``setstate`` are untouched. On replay each lineage
gets its own numbers back: threads cannot steal from each other, and a tool that is served, and so draws nothing,
shifts nobody. A seed per lineage was the alternative: smaller, but then a program that seeds itself would get other
numbers while it is recorded than it gets without us.

A replay draws as well, and throws that away: the generators go where plain Python would have taken them, for draws
beyond the recorded ones and for those after the session. Nobody seeds them, so nothing has to be restored.

All drawing methods end in three: ``random``, ``getrandbits``, and ``gauss`` for its spare number, which is kept in the
generator and may have been left there by another thread, or before the session.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from replay.taps import boundary
from replay.taps.byname import Replacement
from replay.taps.callers import is_plumbing
from replay.taps.reading import take

_SMALL = 63
"""Bits of an integer that every cassette can hold as one; more travel as bytes."""

Sources = Callable[[Random, str], str]


def attach() -> Replacement:
    """Record the draws of all generators. What is known by name still has to be replaced."""
    shared: Random = random.random.__self__  # type: ignore[attr-defined]
    makers: dict[str, Callable[[Any, Sources], Any]] = {"random": _random, "getrandbits": _getrandbits, "gauss": _gauss}
    before = {name: vars(Random).get(name) for name in makers}
    by_name = [getattr(random, name) for name in makers]

    def source(generator: Random, name: str) -> str:
        # Apart: one more draw from the shared generator shifts none of those from the program's own.
        return f"random.{name}" if generator is shared else f"random.Random.{name}"

    for name, make in makers.items():
        setattr(Random, name, make(getattr(Random, name), source))

    def detach() -> None:
        for name, original in before.items():
            if original is None:  # inherited from C
                delattr(Random, name)
            else:
                setattr(Random, name, original)

    # `random.random` is bound to the shared generator's C code, past the class: it is replaced by name.
    return Replacement(list(zip(by_name, [getattr(shared, name) for name in makers], strict=True)), detach)


def _random(original: Callable[[Random], float], source: Sources) -> Callable[..., float]:
    def random(self: Random) -> float:
        value = original(self)
        session = boundary.current()
        if session is None or is_plumbing(sys._getframe(1)):
            return value
        return take(session, source(self, "random"), lambda: value, float)

    return random


def _getrandbits(original: Callable[[Random, int], int], source: Sources) -> Callable[..., int]:
    def getrandbits(self: Random, k: int, /) -> int:
        value = original(self, k)
        session = boundary.current()
        if session is None or is_plumbing(sys._getframe(1)):
            return value
        name = f"{source(self, 'getrandbits')}:{k}"
        if k <= _SMALL:
            return take(session, name, lambda: value, int)
        size = (k + 7) // 8
        return int.from_bytes(take(session, name, lambda: value.to_bytes(size, "little"), bytes), "little")

    return getrandbits


def _gauss(original: Callable[[Random, float, float], float], source: Sources) -> Callable[..., float]:
    def gauss(self: Random, mu: float = 0.0, sigma: float = 1.0) -> float:
        # The standard one, so that a replay may ask with other parameters. What it draws inside, it draws for us.
        value = original(self, 0.0, 1.0)
        session = boundary.current()
        if session is not None and not is_plumbing(sys._getframe(1)):
            standard = value
            value = take(session, source(self, "gauss"), lambda: standard, float)
        return mu + value * sigma

    return gauss
