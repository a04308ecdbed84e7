"""What a replayed call costs beside a bare ``MockTransport`` over a dictionary, and beside vcrpy and cassetter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.bench.cassettes import cassette, cassetter_cassette, place_of, places_cassette, vcr_cassette
from tests.bench.rounds import in_turns, ratios, spread
from tests.bench.row import Bench, Row
from tests.bench.sending import ROUND, send_to, sender
from tests.bench.traffic import answer, prompt

ROUNDS = 120
LIBRARIES = ("httpx", "httpx2")
SIZES = (100, 1_000, 10_000)
BUDGET = 1.2


class Prompts:
    """The prompts of the next rounds, over and over; ``restart`` is called before they begin anew."""

    def __init__(self, numbers: Sequence[int], restart: Callable[[], None]) -> None:
        self.bodies = [prompt(number) for number in numbers]
        self.restart = restart
        self.at = len(self.bodies)

    def next(self, count: int) -> list[bytes]:
        if self.at + count > len(self.bodies):
            self.at = 0
            self.restart()
        self.at += count
        return self.bodies[self.at - count : self.at]


@contextmanager
def bare(library: str, events: int, _path: str, url: str, twin: str) -> Iterator[Callable[[], float]]:
    """No recorder at all."""
    module = import_module(library)
    answers = {("POST", url, prompt(number)): answer(number) for number in range(events)}
    fields = {"content-type": "application/json"}

    def handle(request: Any) -> Any:
        body = answers[request.method, str(request.url), request.content]
        return module.Response(200, headers=fields, content=body)

    with sender(library, url, module.MockTransport(handle), twin) as send:
        prompts = Prompts(range(events), lambda: None)
        yield lambda: send(prompts.next(ROUND)) / ROUND


@contextmanager
def ours(library: str, events: int, path: str, url: str, twin: str) -> Iterator[Callable[[], float]]:
    import replay

    runs: list[Any] = []

    def restart() -> None:
        if runs:
            run = runs.pop()
            run.__exit__(None, None, None)
            assert run.result.identical and run.result.served == events
        runs.append(replay.play(path).__enter__())

    with sender(library, url, None, twin) as send:
        prompts = Prompts(range(events), restart)
        yield lambda: send(prompts.next(ROUND)) / ROUND


@contextmanager
def vcrpy(library: str, events: int, path: str, url: str, _twin: str) -> Iterator[Callable[[], float]]:
    """Four calls, to events all over the cassette: it compares a request with all that were recorded before it."""
    import vcr

    rules = {"match_on": ("method", "uri", "body"), "record_mode": vcr.mode.NONE, "allow_playback_repeats": True}
    with vcr.use_cassette(path, serializer="json", **rules), sender(library, url, None, "sync") as send:
        prompts = Prompts(range(events // 8, events, events // 4), lambda: None)
        yield lambda: send(prompts.next(4)) / 4


@contextmanager
def cassetter(_library: str, events: int, path: str, url: str, _twin: str) -> Iterator[Callable[[], float]]:
    """As many calls as :func:`vcrpy`, of its kind with a compiled core."""
    import cassetter

    rules = {"match_on": ["method", "uri", "body"], "record_mode": "none"}
    with cassetter.use_cassette(path, **rules), sender("httpx", url, None, "sync") as send:
        prompts = Prompts(range(events // 8, events, events // 4), lambda: None)
        yield lambda: send(prompts.next(4)) / 4


@contextmanager
def places(library: str, events: int, path: str, url: str, _twin: str) -> Iterator[Callable[[], float]]:
    """Ours, with each call to a URL of its own."""
    import replay

    bodies = [prompt(number) for number in range(events)]
    urls = [place_of(url, number) for number in range(events)]
    at = 0
    with import_module(library).Client() as client, ExitStack() as run:

        def measure() -> float:
            nonlocal at
            if at % events == 0:
                run.close()
                run.enter_context(replay.play(path))
            start, at = at % events, at + ROUND
            return send_to(client, urls[start : start + ROUND], bodies[start : start + ROUND]) / ROUND

        yield measure


def run(directory: Path, large: bool) -> Iterable[Row]:
    flat: dict[str, dict[int, float]] = {library: {} for library in LIBRARIES}
    for events in SIZES:
        path, url = cassette(directory, events)
        for library in LIBRARIES:
            given = (library, events, path, url, "sync")
            theirs, mine = in_turns(ROUNDS, (bare, *given), (ours, *given))
            flat[library][events] = spread(mine)[0]
            yield _row(f"{library}, {events:,} events: ours / bare", mine, theirs, BUDGET)
    path, url = cassette(directory, 1_000, "async")
    for library in LIBRARIES:
        given = (library, 1_000, path, url, "async")
        theirs, mine = in_turns(ROUNDS, (bare, *given), (ours, *given))
        yield _row(f"{library} async, 1,000 events: ours / bare", mine, theirs, BUDGET)
    yield from _places(directory)
    yield from _flatness(directory, 10_000)
    if large:
        yield from _flatness(directory, 100_000)
    yield from _peer(directory)


def _flatness(directory: Path, most: int) -> Iterable[Row]:
    for library in LIBRARIES:
        sizes = [(ours, library, events, *cassette(directory, events), "sync") for events in (100, most)]
        few, many = in_turns(ROUNDS, *sizes)
        yield _row(f"{library}, ours: {most:,} events / 100", many, few, BUDGET)


def _places(directory: Path) -> Iterable[Row]:
    for library in LIBRARIES:
        one, many = in_turns(
            ROUNDS,
            (ours, library, 1_000, *cassette(directory, 1_000), "sync"),
            (places, library, 1_000, *places_cassette(directory, 1_000), "sync"),
        )
        yield _row(f"{library}, ours: 1,000 URLs / one", many, one, None)


def _peer(directory: Path) -> Iterable[Row]:
    for events in SIZES:
        _, url = cassette(directory, events)
        theirs = vcr_cassette(directory, events, url)
        (vcr,) = in_turns(1, (vcrpy, "httpx", events, theirs, url, "sync"))
        (mine,) = in_turns(5, (ours, "httpx", events, *cassette(directory, events), "sync"))
        yield _row(f"httpx, {events:,} events: vcrpy / ours", vcr, [spread(mine)[0]], None)
        # `make bench` installs it where nothing else sees it; it opens no file of 10,000 calls.
        if events < 10_000 and find_spec("cassetter") is not None:
            (peer,) = in_turns(5, (cassetter, "httpx", events, *cassetter_cassette(directory, events), "sync"))
            yield _row(f"httpx, {events:,} events: cassetter / ours", [spread(peer)[0]], [spread(mine)[0]], None)


def _row(what: str, mine: list[float], theirs: list[float], budget: float | None) -> Row:
    value, low, high = spread(ratios(mine, theirs))
    detail = f"{spread(mine)[0] * 1e6:.0f} µs, {spread(theirs)[0] * 1e6:.0f} µs"
    return Row(what, value, "x", budget, low, high, detail)


BENCH = Bench("replay", run)
