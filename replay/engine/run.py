"""``replay.record`` and ``replay.play``: a session as a context manager or a decorator."""

from __future__ import annotations

import functools
import inspect
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from replay import taps
from replay.canon import values
from replay.cassette import Reader, Writer
from replay.cassette.behaviour import CURRENT, check_behaviour
from replay.cassette.forks import parent_mark
from replay.engine import children, finalising, guard, idle, lineage, redaction, spawn, threads, timers, weather
from replay.engine.calls import differs
from replay.engine.plan import Plan
from replay.engine.result import Result
from replay.engine.session import Session
from replay.engine.turns import turn
from replay.errors import CassetteError, StopReplay
from replay.events import Entry, Header
from replay.taps import boundary, clock, dice, outside

if TYPE_CHECKING:
    from replay.canon.redact import Redactor
    from replay.canon.rules import Find
    from replay.cassette.cipher import Cipher
    from replay.engine.swaps.deciding import Decide
    from replay.engine.swaps.opening import Given
    from replay.engine.swaps.swap import Swap

F = TypeVar("F", bound=Callable[..., Any])


def record(
    path: str | os.PathLike[str],
    *,
    tags: Mapping[str, str] | None = None,
    ignore_hosts: Sequence[str] = (),
    encrypt: bool = False,
    redact: Mapping[str, Any] | Find | None = None,
    store: Mapping[str, str] | None = None,
    match_headers: Sequence[str] = (),
) -> Run:
    """Record everything that crosses the boundary into the cassette ``path``.

    Use it as ``with replay.record("run.cassette") as run:`` or as a decorator, of functions and coroutine functions.
    An existing file is replaced. ``tags`` are kept in the header; calls to ``ignore_hosts`` are made but not kept.
    With ``encrypt`` nothing reaches the disk but under the key that ``$REPLAY_KEY`` names. ``redact`` adds to what is
    known to be secret: the keys of ``[tool.replay.redact]``, or a function that gets a text and gives its secrets.
    ``store`` says by host (shell patterns) how much is kept: ``"full"``, ``"shape"`` or ``"none"``. ``match_headers``
    names header fields of requests that take part in matching (else none do): on replay a request with another value
    finds no counterpart. A value that is a secret is not kept, but a digest of it under a key of this user's.
    """
    rules, find = redaction.given(redact, store, match_headers)
    plan = Plan(
        "record",
        os.fspath(path),
        tags=dict(tags or {}),
        ignore_hosts=tuple(ignore_hosts),
        encrypt=encrypt,
        rules=rules,
        entry=_entry(),
    )
    return Run(plan, find=find)


def play(
    path: str | os.PathLike[str],
    *,
    swaps: Sequence[Swap | str] = (),
    on_divergence: str | Decide = "raise",
    save: str | os.PathLike[str] = "",
    budget: float | str = "",
    allow_effects: Sequence[str] = (),
    allow_hosts: Sequence[str] = (),
    ignore_hosts: Sequence[str] = (),
    redact: Mapping[str, Any] | Find | None = None,
    store: Mapping[str, str] | None = None,
) -> Run:
    """Run the program's code against the cassette ``path``: no network, no key, no cost.

    ``swaps`` replace components (:mod:`replay.swap`, or the words of ``--swap``); everything they do not touch is still
    served. ``on_divergence="raise"`` ends the block at the first request that the cassette does not hold, with
    :class:`replay.errors.DivergenceError`; ``"live"`` makes that request for real; ``"nearest"`` serves the recorded
    answer of the event in its place; ``"ask"`` asks on the terminal; a function gets the
    :class:`replay.engine.result.Divergence` and gives one of the first three, or an :class:`replay.events.Answer`.
    ``budget`` bounds what goes live: USD, ``"20000tokens"`` or ``"10calls"``. ``allow_effects`` names the tools with
    ``effect="write"`` that may run for real. ``save`` names a cassette for what this run did, its fork. ``allow_hosts``
    are reached for real and are no part of the run. ``redact`` and ``store`` are as in :func:`record`; those of the
    recording hold as well, but for its patterns and its function. The verdict is ``run.result``.

    Raises :class:`replay.errors.UsageError` for a swap that is none; entering the block, for one that matches nothing
    in the cassette, and :class:`replay.errors.CassetteError` when the file cannot be read.
    """
    rules, find = redaction.given(redact, store)
    plan = Plan(
        "play",
        os.fspath(path),
        policy=on_divergence if isinstance(on_divergence, str) else "function",
        budget=str(budget),
        allow_effects=tuple(allow_effects),
        save=os.fspath(save),
        allow_hosts=tuple(allow_hosts),
        ignore_hosts=tuple(ignore_hosts),
        rules=rules,
        entry=_entry(),
    )
    if not plan.is_steered and not swaps:
        return Run(plan, find=find)
    from replay.engine.swaps.grammar import parse
    from replay.engine.swaps.opening import Given

    given = tuple([parse(swap) if isinstance(swap, str) else swap for swap in swaps])
    return Run(plan, Given(given, None if isinstance(on_divergence, str) else on_divergence), find)


class Run:
    """One recording or replay. ``result`` holds the verdict; it is complete once the block has been left."""

    def __init__(self, plan: Plan, given: Given | None = None, find: Find | None = None) -> None:
        self.plan = plan
        self.given = given
        self.find = find
        self.result = Result(mode=plan.mode)
        self._session: Session | None = None
        self._bound: AbstractContextManager[None] | None = None

    @property
    def session(self) -> Session | None:
        """What runs inside the block, for who looks closer; None outside it."""
        return self._session

    def output(self, value: Any) -> None:
        """Keep ``value`` (JSON-like data) as the run's result; a replay compares it with the recorded one."""
        if self._session is not None:
            self._session.output(values.dump(value))

    def __enter__(self) -> Self:
        outer = process_session()
        if outer is not None:  # the command line records or replays this process: all of it is that run
            self._session, self.result = outer, outer.result
            self._bound = nullcontext()
            return self
        self._session = open_session(self.plan, self.given, self.find)
        self.result = self._session.result
        self._bound = lineage.bound(self._session.root)
        self._bound.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None and self._bound is not None
        session, self._session = self._session, None
        self._bound.__exit__(None, None, None)
        if session is process_session():
            return
        session.close()
        if session.stopped is not None:
            # Also when the program swallowed it: a divergence must not look like a normal run.
            raise session.stopped from (None if isinstance(error, StopReplay) else error)
        if session.result.divergences and session.plan.policy == "raise":  # of a child process
            session.result.raise_for_divergence()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Each call of the decorated function is a run of its own."""
        if inspect.iscoroutinefunction(function):

            async def awrapper(*args: Any, **kwargs: Any) -> Any:
                with Run(self.plan, self.given, self.find):
                    return await function(*args, **kwargs)

            return functools.wraps(function)(awrapper)  # type: ignore[return-value]

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with Run(self.plan, self.given, self.find):
                return function(*args, **kwargs)

        return functools.wraps(function)(wrapper)  # type: ignore[return-value]


def open_session(plan: Plan, given: Given | None = None, find: Find | None = None) -> Session:
    """Open the cassettes of ``plan`` and start its session in this process."""
    session = session_of(plan, given, find)
    _attach()
    weather.begin(plan.weather)
    session.open()
    return session


def session_of(plan: Plan, given: Given | None = None, find: Find | None = None) -> Session:
    """The session of ``plan``, not open yet, and with nothing tapped: for who hands it the requests of others."""
    plan = redaction.with_project(plan)
    if plan.mode == "record":
        redactor = redaction.redactor(plan, find)
        written = _sink(plan.cassette, plan, redactor, plan.encrypt)
        return Session(plan, source=None, sink=written, redactor=redactor)
    source = Reader(plan.cassette)
    check_behaviour(source.header)
    redactor = redaction.redactor(plan, find, source)
    encrypt = plan.encrypt or source.encrypted
    if not (plan.is_steered or source.header.swaps or given):
        sink = _sink(plan.save, plan, redactor, encrypt) if plan.save else None
        return Session(plan, source=source, sink=sink, redactor=redactor)
    from replay.engine.swaps import opening

    course = opening.course(plan, source, given or opening.Given(), redactor.text)
    sink = _sink(plan.save, plan, redactor, encrypt, course.steering.texts) if plan.save else None
    return opening.steered(plan, source, sink, redactor, course)


_WATCHED = {
    "asyncio.subprocess": "replay.taps.subprocess_asyncio",
    "subprocess": "replay.taps.subprocess",
    "concurrent.futures.process": "replay.engine.items",
    "multiprocessing.pool": "replay.engine.pools",
    "multiprocessing.queues": "replay.engine.spawned",
    "multiprocessing.util": "replay.engine.spawned",
    "trio": "replay.engine.trio",
}
"""What is patched when the program has loaded it, and by what."""


def _attach() -> None:
    boundary.find_with(lineage.session)
    threads.attach(turn)
    outside.tell_with(
        outside.Ways(threads.outside, threads.awaiting, threads.computing, children.follows, children.born, differs)
    )
    for name, patches in _WATCHED.items():
        taps.watch(name, patches)
    for part in (finalising, children, spawn, idle, timers, guard, clock, dice, taps):
        part.attach()


def process_session() -> Session | None:
    """The session that the command line opened for this whole process, if it did."""
    return next((session for session in lineage.sessions() if session.plan.report), None)


def _sink(path: str, plan: Plan, redactor: Redactor, encrypt: bool, swaps: tuple[str, ...] = ()) -> Writer:
    if not plan.is_root:
        return Writer.join(path, plan.lineage)
    _make_room(Path(path).parent)
    sink = Writer.create(path, redactor.header(_header(plan, swaps)), _cipher() if encrypt else None)
    redaction.note_down(sink, redactor.rules)
    return sink


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CassetteError(f"cannot make {folder}: {error.strerror}", hint="choose another place") from error


def _cipher() -> Cipher:
    from replay.cassette.cipher import Cipher

    return Cipher.new()


def _header(plan: Plan, swaps: tuple[str, ...]) -> Header:
    return Header(
        run=uuid.uuid4().hex,
        created=time.time_ns(),
        tool=_version(),
        python=platform.python_version(),
        platform=sys.platform,
        hash_seed=os.environ.get("PYTHONHASHSEED", "random"),
        entry=plan.entry,
        tags=plan.tags,
        behaviour=dict(CURRENT),
        parent=parent_mark(plan.cassette) if plan.mode == "play" else "",
        swaps=swaps,
    )


@functools.cache
def _version() -> str:
    """Ours; looking it up takes half a millisecond."""
    return version("replay-debugger")


def _entry() -> Entry:
    """How this process was started: the pytest node that runs now, or the command line."""
    node = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return Entry(node=node) if node else Entry(argv=("python", *sys.orig_argv[1:]))
