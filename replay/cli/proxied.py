"""Running a program in any language under a plan: behind the proxy, which does what the recorder does in Python."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from replay.cli import output
from replay.cli.launch import LOOK, Outcome, run
from replay.engine.plan import Plan
from replay.engine.result import load
from replay.engine.sources import Sources
from replay.errors import UsageError
from replay.proxy.extra import require_proxy
from replay.proxy.upstreams import KNOWN, NO_KEY, NOTE, Upstream, Upstreams, given, known, of_data

if TYPE_CHECKING:
    from replay.cassette import Reader

ASKS_NOBODY = ("raise", "nearest")
"""Policies under which nothing goes live."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a program reaches its services. ``port`` 0: any that is free."""

    upstreams: Upstreams
    port: int = 0


def way_to_record(texts: Sequence[str], port: int) -> Way:
    """``texts``: of ``--to``; without any, the known services. Raises :class:`UsageError`."""
    return Way(given(texts, os.environ) if texts else known(os.environ), port)


def way_to_play(reader: Reader, texts: Sequence[str], port: int, policy: str) -> Way:
    """As the recording went, but for what ``texts`` say. Raises :class:`UsageError`.

    A file is not trusted to say where a request that goes live, with the user's key, is sent.
    """
    typed = given(texts, os.environ)
    recorded = recorded_upstreams(reader) or known(os.environ)
    if policy not in ASKS_NOBODY:
        names = {upstream.name for upstream in typed}
        for upstream in recorded:
            if upstream.name not in names and not _is_said_here(upstream):
                to = f"{upstream.name}={upstream.url}" if upstream.name else upstream.url
                raise UsageError(
                    f"only the cassette says that what goes live is sent to {upstream.url}",
                    hint=f"if that is meant, say it too: replay proxy --play CASSETTE --to {to} … -- CMD",
                )
    return Way(recorded.with_given(typed), port)


def _is_said_here(upstream: Upstream) -> bool:
    """Whether a variable of ours, or what is known of the service, says the same of ``upstream``."""
    if upstream in known(os.environ).each:
        return True
    told = upstream.variables().items()
    return any(os.environ.get(name, "").rstrip("/") == upstream.url + rest for name, rest in told)


def recorded_upstreams(reader: Reader) -> Upstreams | None:
    """Those of a recording that was made by the proxy, else None."""
    data = next((note.data for note in reader.notes if note.kind == NOTE), None)
    return None if data is None else of_data(data)


def launch(argv: Sequence[str], plan: Plan, way: Way, streams: Mapping[str, Any] | None = None) -> Outcome:
    """Run ``argv`` behind a proxy that follows ``plan``, or serve until Ctrl-C when it is empty.

    Raises :class:`UsageError` and :class:`CassetteError`.
    """
    require_proxy()
    from replay.proxy.serving import serving

    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as report:
        with serving(replace(plan, report=report), way.upstreams, way.port) as base:
            if argv:
                code, interrupted = run(tuple(argv), environment(plan, way, base), report, streams)
            else:
                _serve(way, base)
                code, interrupted = 0, False
        return Outcome(
            code=code,
            result=load(report),
            told=False,
            failed="",
            interrupted=interrupted,
            refusals=(),
            libraries=(),
            sources=Sources(),
        )


def environment(plan: Plan, way: Way, base: str) -> dict[str, str]:
    """Ours, with the variables by which the program finds the proxy at ``base``."""
    needs_no_key = plan.mode == "play" and plan.policy in ASKS_NOBODY
    keys = dict.fromkeys(way.upstreams.keys(), NO_KEY) if needs_no_key else {}
    past = {name: ",".join(filter(None, [os.environ.get(name), "127.0.0.1"])) for name in ("NO_PROXY", "no_proxy")}
    return {**keys, **os.environ, **past, **way.upstreams.environ(base)}


def _serve(way: Way, base: str) -> None:
    """Say what is served where, and go on until Ctrl-C."""
    ended = Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for upstream in way.upstreams:
            named = ", ".join(f"{name}={base}{upstream.path}{rest}" for name, rest in upstream.variables().items())
            output.note(f"replay: {named or base} for {upstream.url}")
        output.note("replay: Ctrl-C ends it")
        while not ended.wait(LOOK):  # a wait without an end would not be interrupted everywhere
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def unasked(way: Way) -> UsageError:
    """The program ended, and nothing had come through the proxy."""
    variables = [name for upstream in way.upstreams for name in upstream.variables()]
    return UsageError(
        "nothing came through the proxy: the cassette holds no event",
        hint=f"does the program hear {', '.join(variables) or 'of the proxy'}?"
        f" --to NAME=URL names other services than {', '.join(KNOWN)}",
    )
