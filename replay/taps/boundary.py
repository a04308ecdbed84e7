"""What a tap sees of the engine: "here is a request, and here is what came back for real".

A tap asks :func:`current` for the boundary; None means "do it as if we were not here" (no session, or already inside
another tap). Otherwise it issues the request and gets a :class:`Call`. ``call.served`` holds the answer to serve; None
means the tap performs the request for real, inside :func:`inside`. Either way it then *delivers* each part (head,
chunks, end) before it hands that part to the program: ``deliver`` from synchronous code, ``adeliver`` from a
coroutine. Delivering is where a recording writes the part down and a replay waits for the part's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from replay.errors import ReplayError, StopReplay
from replay.events import Answer, Head, Part, Request

T = TypeVar("T")


class Reading(Protocol):
    """Makes, piece by piece, the answer that the program waits for out of one in another wire format."""

    def head(self, head: Head) -> Head:
        """The head to hand on; called once, first."""

    def feed(self, data: bytes) -> bytes:
        """What there is to hand on once ``data`` has come; perhaps nothing yet."""

    def finish(self) -> bytes:
        """The rest, when the answer has ended."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What a swap has done for real in place of what the program asked: send ``request``, or call ``function``.

    ``reading``: makes a fresh :class:`Reading` for the answer to ``request``; None when it can be handed on as it is.
    """

    request: Request | None = None
    reading: Callable[[], Reading] | None = None
    function: Callable[..., Any] | None = None


class Call(Protocol):
    """One crossing, from its issue to its end."""

    @property
    def served(self) -> Answer | None:
        """The answer to serve, or None: perform the request for real and deliver what comes."""

    @property
    def instead(self) -> Instead | None:
        """What to perform when nothing is served; None: the request as the program made it."""

    def deliver(self, part: Part) -> None:
        """Record ``part``, or wait for its turn; returns when the program may have it. Never raises while recording."""

    async def adeliver(self, part: Part) -> None:
        """The coroutine twin of :meth:`deliver`."""

    def deliver_rest(self) -> bool:
        """Deliver every chunk of a served answer and its end, where nothing would come between them.

        False: nothing was delivered, and each is to be delivered by itself.
        """

    def deliver_body(self, chunks: list[bytes]) -> bool:
        """Deliver all chunks of a body that came from the world and its end, to a program that gets them as one.

        False: nothing was delivered, and each is to be delivered by itself.
        """

    @property
    def elapsed(self) -> int | None:
        """Nanoseconds from the issue to the end, the same on replay; None before the end."""


class Boundary(Protocol):
    """The engine, as taps know it."""

    @property
    def serves(self) -> bool:
        """Whether there are recorded answers; False while recording."""

    def issue(self, request: Request) -> Call:
        """Announce a request, in the program's order, without waiting.

        Hosts let through and telemetry are the engine's business: the call it returns behaves accordingly.
        Raises :class:`replay.errors.StopReplay` when a replay holds no answer and its policy is ``raise``.
        """

    def within(self, call: Call, *, own_lineage: bool) -> AbstractContextManager[None]:
        """While it lasts, requests of this task have ``call`` as parent.

        With ``own_lineage`` they also count as a child task's: the body of a tool is not run on replay, so its
        requests must not stand in the queue of those that are made again.
        """

    def read(self, source: str, real: Callable[[], T]) -> T:
        """A value of the clock or the dice: ``real()`` while recording, the recorded value on replay.

        Values are int, float, str, bytes, or a list of these.
        """

    def halt(self, error: ReplayError) -> StopReplay:
        """End the program with ``error``, which is no divergence: raise what this returns."""


_inside: ContextVar[bool] = ContextVar("replay_inside_tap", default=False)
_find: list[Callable[[], Boundary | None]] = []


def current() -> Boundary | None:
    """The boundary that calls made here and now must cross, or None."""
    if not _find or _inside.get():
        return None
    return _find[0]()


def is_inside() -> bool:
    """Whether this code runs as part of a tap's real call."""
    return _inside.get()


enter = _inside.set
leave = _inside.reset
"""The two ends of :class:`inside`, for where every chunk of a stream passes: ``outside = enter(True)``, and at last
``leave(outside)``."""


class inside:
    """While a tap does the real thing: calls of the layers below are part of it, and cross nothing.

    A context variable, so right per task and per thread; work handed to other threads by the layers below is not seen.
    """

    __slots__ = ("_outside",)

    def __enter__(self) -> None:
        self._outside = enter(True)

    def __exit__(self, *_: object) -> None:
        leave(self._outside)


def find_with(finder: Callable[[], Boundary | None]) -> None:
    """Called once by the engine: how :func:`current` finds the session of this task or thread."""
    _find[:] = [finder]
