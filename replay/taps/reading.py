"""A function that reads the clock or the dice, wrapped: recorded for the program, real for everybody else."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from replay.errors import CassetteError
from replay.taps import boundary
from replay.taps.boundary import Boundary
from replay.taps.byname import Pair
from replay.taps.callers import is_plumbing
from replay.taps.importing import importing

T = TypeVar("T")


class StandIn:
    """Replaces a function in the modules that know it by name.

    An object and not a function: as a class attribute it must not turn into a method, for the original would not.
    """

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        standing_in: Any = self
        functools.update_wrapper(standing_in, real)

    @property
    def pair(self) -> Pair:
        return self.real, self

    def __reduce__(self) -> str:
        """Pickled by name, as the original is: an unpickled one is whatever is there then."""
        return str(self.real.__name__)


class Reading(StandIn):
    """Stands in for ``real``, a function called ``source`` (``time.monotonic``) in cassettes.

    ``pack`` turns its value into one of type ``kind`` that a cassette can hold, ``unpack`` turns that back. With
    ``sized``, the first argument is part of the source: 16 bytes of entropy are never served where 8 were asked for.
    With ``bare``, a call with arguments reads nothing (``time.ctime(0)``).
    """

    def __init__(
        self,
        source: str,
        real: Callable[..., Any],
        kind: type,
        *,
        pack: Callable[[Any], Any] | None = None,
        unpack: Callable[[Any], Any] | None = None,
        sized: bool = False,
        bare: bool = False,
    ) -> None:
        super().__init__(real)
        self.source = source
        self.kind = kind
        self.pack = pack
        self.unpack = unpack
        self.sized = sized
        self.bare = bare

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_plumbing(sys._getframe(1)):  # first: libraries that time each call are the most frequent readers
            return self.real(*args, **kwargs)
        session = boundary.current()
        if session is None or (self.bare and args not in ((), (None,))):
            return self.real(*args, **kwargs)
        source = f"{self.source}:{args[0]}" if self.sized and args else self.source
        real = self._realise(args, kwargs) if args or kwargs or self.pack else self.real
        value = take(session, source, real, self.kind)
        return value if self.unpack is None else self.unpack(value)

    def _realise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any]:
        real, pack = self.real, self.pack
        if pack is not None:
            return lambda: pack(real(*args, **kwargs))
        # A function of ours, for what the real one reads itself (time-machine's clock_gettime) to be plumbing's.
        return lambda: real(*args, **kwargs)


def take(session: Boundary, source: str, real: Callable[[], T], kind: type) -> T:
    """``session.read``, of a value that is of type ``kind`` also when the cassette says otherwise.

    What an import reads has a source of its own (:mod:`replay.taps.importing`).
    """
    module = importing()
    value = session.read(f"{source} importing {module}" if module else source, real)
    if type(value) is not kind:
        raise CassetteError(
            f"the cassette holds a {type(value).__name__} for a read of {source}, which gives a {kind.__name__}",
            hint="the file was not written by replay, or was changed since: record the run again",
        )
    return value
