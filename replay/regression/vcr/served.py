"""vcrpy's cassette, with an index and an eye on bodies.

Which recorded request answers which is decided by vcrpy's own matchers, filters and hooks, as the suite configures
them: the first in the file that matches and has not been played. The index only spares looking at those that differ in
what can be looked up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import nsmallest
from operator import ne
from threading import RLock
from types import FrameType
from typing import Any

from vcr import matchers
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException

from replay.events import Request
from replay.regression.vcr.shapes import Shapes
from replay.taps.own import is_own

_KEYS: dict[Callable[..., Any], Callable[[Any], Any]] = {
    matchers.method: lambda request: request.method,
    matchers.scheme: lambda request: request.scheme,
    matchers.host: lambda request: request.host,
    matchers.port: lambda request: request.port,
    matchers.path: lambda request: request.path or "/",
    matchers.query: lambda request: tuple(request.query),
}
"""vcrpy's matchers that compare one value, and that value."""

MOST_COMPARED = 50

COMPARES_BODIES = (matchers.body, matchers.raw_body)


Place = tuple[str, int]
"""The file and line of the program's own code that made a call; ``("", 0)`` when none is to be seen."""


@dataclass(frozen=True, slots=True)
class Played:
    """``number``: of the recorded request that answered, from 1. ``asked``, ``recorded``: filtered as configured."""

    number: int
    asked: Any
    recorded: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Unanswered:
    """``closest``: the number, from 1, of the recorded request most like it, 0 if there is none."""

    asked: Any
    place: Place
    closest: int
    recorded: Any
    failed: tuple[str, ...]
    was_played: bool


@dataclass(slots=True)
class Heard:
    """What a test asked for. ``sent``: answered though their bodies were not compared; ``unanswered``: not answered."""

    served: int = 0
    sent: list[Played] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)


class Served(Cassette):  # type: ignore[misc]
    """What the test's ``vcr`` fixture gives, as with pytest-recording; ours are :meth:`response_to` and ``heard``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard = Heard()
        self._lock = RLock()
        self._keys = [_KEYS[matcher] for matcher in self._match_on if matcher in _KEYS]
        self._rest = [matcher for matcher in self._match_on if matcher not in _KEYS]
        self._left: dict[tuple[Any, ...], list[int]] = {}
        self._shapes = Shapes(())

    def _load(self) -> None:
        super()._load()
        self._shapes = Shapes(self.requests)
        for at, request in enumerate(self.requests):
            self._left.setdefault(self._key(request), []).append(at)

    @property
    def compares_bodies(self) -> bool:
        """Whether the suite's own configuration does; else a body that differs is ours to tell."""
        return any(matcher in COMPARES_BODIES for matcher in self._match_on)

    def response_to(self, request: Request) -> dict[str, Any] | None:
        """The recorded response; None when the suite's filters say that the request is not to be recorded.

        Raises vcrpy's :class:`CannotOverwriteExistingCassetteException` when nothing that is left matches.
        """
        raw = None
        with self._lock:
            for shape in self._shapes.of(request):
                asked = self.filter_request(shape)
                if not asked:
                    return None
                raw = raw or shape
                at = self._find(asked)
                if at is not None:
                    return self._play(at, asked)
            self._note_unanswered(self.filter_request(raw))
        raise CannotOverwriteExistingCassetteException(cassette=self, failed_request=raw)

    # What vcrpy's own stubs ask, of clients that no tap of ours sees.

    def can_play_response_for(self, request: Any) -> bool:
        asked = self.filter_request(request)
        if not asked:
            return False
        with self._lock:
            found = self._find(asked) is not None
            if not found:
                self._note_unanswered(asked)
        return found

    def play_response(self, request: Any) -> Any:
        asked = self.filter_request(request)
        with self._lock:
            at = self._find(asked)
            if at is not None:
                return self._play(at, asked)
        return super().play_response(request)

    # Matching.

    def _key(self, request: Any) -> tuple[Any, ...]:
        return tuple([key(request) for key in self._keys])

    def _find(self, asked: Any) -> int | None:
        for at in self._left.get(self._key(asked), ()):
            if not self._rest or matchers.requests_match(asked, self.data[at][0], self._rest):
                return at
        return None

    def _play(self, at: int, asked: Any) -> dict[str, Any]:
        recorded: Any
        response: dict[str, Any]
        recorded, response = self.data[at]
        self.play_counts[at] += 1
        if not self.allow_playback_repeats:
            self._left[self._key(recorded)].remove(at)
        self.heard.served += 1
        if not self.compares_bodies:
            self.heard.sent.append(Played(at + 1, asked, recorded, _place()))
        return response

    def _note_unanswered(self, asked: Any) -> None:
        closest = min(self._near(asked), key=lambda at: self._distance(at, asked), default=None)
        if closest is None:
            self.heard.unanswered.append(Unanswered(asked, _place(), 0, None, (), was_played=False))
            return
        recorded = self.data[closest][0]
        failed = tuple([name for name, _ in self._failed(asked, recorded)])
        told = Unanswered(asked, _place(), closest + 1, recorded, failed, was_played=bool(self.play_counts[closest]))
        self.heard.unanswered.append(told)

    def _near(self, asked: Any) -> list[int]:
        """The recorded requests that differ least in what is looked up; comparing all of a request takes long."""
        key = self._key(asked)
        differing = [sum(map(ne, key, self._key(recorded))) for recorded in self.requests]
        return nsmallest(MOST_COMPARED, range(len(differing)), key=differing.__getitem__)

    def _distance(self, at: int, asked: Any) -> tuple[int, bool, bool]:
        recorded = self.data[at][0]
        return len(self._failed(asked, recorded)), bool(self.play_counts[at]), recorded.body != asked.body

    def _failed(self, asked: Any, recorded: Any) -> list[tuple[str, str]]:
        _, failed = matchers.get_matchers_results(asked, recorded, self._match_on)
        return list(failed)


def _place() -> Place:
    """Looks at no file system: a suite may forbid that to what runs in an event loop."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
