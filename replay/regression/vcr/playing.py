"""The boundary of a test marked ``vcr``: its taps are served from vcrpy's cassette.

Nothing but HTTP is held here. vcrpy's suites rely on a real clock, real dice and real processes, and so have them.
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar
from unittest import mock

from vcr.patch import CassettePatcherBuilder

from replay import taps
from replay.engine import lineage
from replay.errors import ReplayError, StopReplay, UsageError
from replay.events import Answer, Part, Request
from replay.regression.vcr.answers import answer
from replay.regression.vcr.served import Served
from replay.taps import boundary
from replay.taps.boundary import Call

T = TypeVar("T")

OURS = {
    "aiohttp": "aiohttp",
    "boto3": "urllib3",
    "requests": "urllib3",
    "urllib3": "urllib3",
    "httplib": "http.client",
    "httplib2": "httplib2",
    "tornado": "tornado",
}
"""vcrpy's patches, and the library whose tap, where there is one, stands in their place.

Those of ``httpx`` and ``httpx2`` lie below our tap, and stay: they play what transports of the program's own said,
which vcrpy records and we do not.
"""

HTTP = (*OURS.values(), "httpx", "httpx2", "urllib.request")


@contextmanager
def playing(cassette: Served) -> Iterator[None]:
    """While it lasts, every request of this process is answered from ``cassette``, in whatever thread or task."""
    here = Playing(cassette)
    boundary.find_with(lambda: here)
    tapped = _tapped()
    cassette.skip_patchers = tuple({*cassette.skip_patchers, *tapped})
    try:
        with _patched(cassette):
            yield
        if boundary.current() is not here:
            raise UsageError(
                "replay.record or replay.play was used within a test marked vcr, whose later requests went unseen",
                hint="take the mark vcr off that test",
            )
    finally:
        boundary.find_with(lineage.session)


def _tapped() -> list[str]:
    """Attaches the taps of HTTP clients and no others. Gives the names of vcrpy's patches in whose place they stand.

    vcrpy has imported every client that is installed, for it patches them when it is imported.
    """
    import_module("urllib.request")
    for library in HTTP:
        if library in taps.TAPS and library in sys.modules:
            _attach(taps.TAPS[library], sys.modules[library])
    return [name for name, library in OURS.items() if library in taps.TAPS]


@cache
def _attach(tap: str, module: ModuleType) -> None:
    import_module(tap).attach(module)


@contextmanager
def _patched(cassette: Served) -> Iterator[None]:
    """vcrpy's own patches, for what no tap of ours sees."""
    real = {name: getattr(http.client, name) for name in ("HTTPConnection", "HTTPSConnection")}
    with ExitStack() as patches:
        for patch in CassettePatcherBuilder(cassette).build():
            patches.enter_context(patch)
        for name, kind in real.items():
            if (theirs := getattr(http.client, name)) is not kind:
                patches.enter_context(mock.patch.object(http.client, name, _stepping_aside(theirs, kind)))
        yield


def _stepping_aside(theirs: type, real: type) -> type:
    """``urllib.request`` takes its connections from where vcrpy puts its own: what our tap lets through is real."""

    def make(kind: type, *args: Any, **options: Any) -> Any:
        return real(*args, **options) if boundary.is_inside() else object.__new__(kind)

    return type(theirs.__name__, (theirs,), {"__new__": make})


class Playing:
    """The protocol :class:`replay.taps.boundary.Boundary` over a cassette of vcrpy's."""

    serves = True

    def __init__(self, cassette: Served) -> None:
        self.cassette = cassette

    def issue(self, request: Request) -> Call:
        """Raises what vcrpy raises when nothing matches: suites and programs may expect it."""
        if request.kind != "http":
            return Crossing(None)
        response = self.cassette.response_to(request)
        return Crossing(None if response is None else answer(response, request.action))

    def within(self, call: Call, *, own_lineage: bool) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self, source: str, real: Callable[[], T]) -> T:
        return real()

    def halt(self, error: ReplayError) -> StopReplay:
        return StopReplay(error)

    def lineage(self) -> str:
        """Everything is one task here."""
        return "0"


class Crossing:
    """A request that is answered, or let through; its parts are nobody's business."""

    __slots__ = ("_began", "served")

    instead = None

    def __init__(self, served: Answer | None) -> None:
        self.served = served
        self._began = time.perf_counter_ns()

    def deliver(self, part: Part) -> None:
        """Nothing is recorded, and nobody waits for a turn."""

    async def adeliver(self, part: Part) -> None:
        """The coroutine twin of :meth:`deliver`."""

    def deliver_rest(self) -> bool:
        return True

    def deliver_body(self, chunks: list[bytes]) -> bool:
        return True

    def differs(self, reason: str) -> None:
        """Nothing is compared."""

    @property
    def elapsed(self) -> int | None:
        """vcrpy keeps no times: as long as it took now. A request that is let through is timed by its client."""
        return None if self.served is None else max(1000, time.perf_counter_ns() - self._began)
