"""``numpy.random``: the functions over the global generator, such as ``np.random.normal``.

They give arrays, so what is recorded is not the numbers but the generator's state (2.5 KB), and that only where the
lineage that draws is not the one that drew last. A recording draws from the one global stream, as plain numpy does. A
replay moves the generator to where the recorded lineage had it; the state it finds is put back when the tap detaches.

Generators of their own need nothing here: ``default_rng()`` and ``RandomState()`` take their seed from ``secrets``.
Not seen: such a generator made unseeded before the session; draws from the global generator as an object
(``np.random.mtrand._rand``) while other lineages draw too; the global functions over another bit generator.
"""

from __future__ import annotations

import struct
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from replay.errors import CassetteError
from replay.taps import boundary
from replay.taps.boundary import Boundary
from replay.taps.byname import Pair, Replacement
from replay.taps.callers import is_plumbing
from replay.taps.importing import importing
from replay.taps.reading import StandIn, take

_UNBOUND = ("ranf", "sample", "seed")
"""Functions over the global generator that are no bound methods of it."""

_STATE = struct.Struct("<2496sHBd")
"""A Mersenne Twister: key of 624 words, position, whether there is a spare normal number, that number."""


def attach(module: ModuleType) -> Replacement:
    """The global functions of ``numpy.random``."""
    generator = GlobalGenerator(module)
    return Replacement(list(generator.pairs()), generator.restore)


class Lined(Boundary, Protocol):
    """A boundary that tells lineages apart."""

    def lineage(self) -> str:
        """The address of the logical task that runs now."""


class GlobalGenerator:
    """numpy's global generator, and which lineage of which session drew from it last."""

    def __init__(self, module: ModuleType) -> None:
        self.lock = threading.RLock()
        self._module = module
        self._generator: Any = module.mtrand._rand
        self._owner: tuple[Any, str] | None = None
        self._left: WeakKeyDictionary[Any, dict[str, bytes]] = WeakKeyDictionary()
        self._found = b""

    def pairs(self) -> Iterator[Pair]:
        """Each function over the global generator, and what replaces it."""
        for name in dir(self._module):
            function = getattr(self._module, name)
            if name in _UNBOUND or getattr(function, "__self__", None) is self._generator:
                yield function, GlobalFunction(function, self)

    def pass_to(self, session: Lined) -> None:
        """The lineage that runs now draws next: from the state that it has to have."""
        owner = _owner(session)
        moved = b"" if self._owner == owner else self._pack()
        self._change(owner, moved)
        told = take(session, "numpy.random.state", lambda: moved, bytes)
        if told != moved:  # a replay, and things are not as they were
            self._found = self._found or moved or self._pack()
            self._load(told or self._left.get(session, {}).get(owner[1], b""))

    def seeded_by(self, session: Lined) -> None:
        """The lineage that runs now seeds the generator: whatever was there before does not matter."""
        owner = _owner(session)
        self._change(owner, b"" if self._owner == owner else self._pack())

    def moved_by_others(self) -> None:
        """Somebody draws who is not recorded."""
        if self._owner is not None:
            with self.lock:
                self._change(None, self._pack() if self.is_twister else b"")

    def restore(self) -> None:
        """Put back the state that the first replay found."""
        if self._found:
            self._load(self._found)
        self._found, self._owner = b"", None

    def _change(self, owner: tuple[Any, str] | None, left: bytes) -> None:
        if self._owner is not None and self._owner != owner:
            self._left.setdefault(self._owner[0], {})[self._owner[1]] = left
        self._owner = owner

    @property
    def is_twister(self) -> bool:
        """Whether this is numpy's default bit generator, and not one that the program has put there."""
        return type(self._generator._bit_generator).__name__ == "MT19937"

    def _pack(self) -> bytes:
        state = self._generator.get_state(legacy=False)
        twister = state["state"]
        return _STATE.pack(twister["key"].astype("<u4").tobytes(), twister["pos"], state["has_gauss"], state["gauss"])

    def _load(self, packed: bytes) -> None:
        import numpy

        if len(packed) != _STATE.size:
            raise CassetteError("the cassette holds no state of numpy's generator here", hint="record the run again")
        key, position, has_gauss, gauss = _STATE.unpack(packed)
        # numpy believes the position, and would read past the key.
        twister = {"key": numpy.frombuffer(key, "<u4").astype("u4"), "pos": min(position, 624)}
        self._generator.set_state(
            {"bit_generator": "MT19937", "state": twister, "has_gauss": has_gauss % 2, "gauss": gauss}
        )


def _owner(session: Lined) -> tuple[Any, str]:
    return session, f"{session.lineage()} {importing()}"


class GlobalFunction(StandIn):
    """Stands in for one function over the global generator."""

    def __init__(self, real: Callable[..., Any], generator: GlobalGenerator) -> None:
        super().__init__(real)
        self.generator = generator
        self.seeds = real.__name__ == "seed"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        session: Any = boundary.current()
        if session is None or is_plumbing(sys._getframe(1)):
            self.generator.moved_by_others()
            return self.real(*args, **kwargs)
        with self.generator.lock:
            if self.generator.is_twister:
                if self.seeds and (args or kwargs):
                    self.generator.seeded_by(session)
                else:
                    self.generator.pass_to(session)
            return self.real(*args, **kwargs)
