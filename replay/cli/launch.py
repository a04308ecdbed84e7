"""Running the program under a plan, and hearing what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from replay import inject
from replay.cassette import keys
from replay.cassette.file import File
from replay.engine import sources
from replay.engine.plan import Plan
from replay.engine.result import Result, load
from replay.engine.sources import Sources
from replay.errors import UsageError
from replay.inject import loaded

CARRIED = (
    "replay", "msgpack", "orjson", "zstandard", "time_machine", "_time_machine", "vcr", "yaml", "_yaml", "wrapt",
    "cryptography", "_cffi_backend",
)  # fmt: skip
"""What an interpreter without our package is given by path (:mod:`replay.inject.bring`)."""

LOOK = 0.2
"""Seconds between two looks at whether the program was stopped."""

GRACE = 5.0
"""Seconds that a stopped program has to clean up and end."""

_FORWARDED = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
_OF_TERMINAL = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An interpreter that the recorder cannot run in. ``ran``: that process went on without it."""

    python: str
    version: str
    ran: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a program. ``code`` is its exit code, 128 + n when signal n ended it.

    ``result`` is None when no session ever started; then ``told`` says that the program's process has said why.
    ``failed``: exception and code lines, when a recorder broke while it started. ``interrupted``: by Ctrl-C.
    ``libraries``: the network libraries that the program loaded. ``sources``: what it read, if the plan asks.
    """

    code: int
    result: Result | None
    told: bool
    failed: str
    interrupted: bool
    refusals: tuple[Refusal, ...]
    libraries: tuple[str, ...]
    sources: Sources


def launch(argv: tuple[str, ...], plan: Plan, *, hash_seed: str, streams: Mapping[str, Any] | None = None) -> Outcome:
    """Run ``argv`` under ``plan`` with this PYTHONHASHSEED (empty: as it is), and wait for its end.

    ``streams`` may replace ``stdin``, ``stdout`` and ``stderr``, which else are our own. Raises :class:`UsageError`.
    """
    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as report:
        Path(report, "carry.json").write_text(json.dumps(_carry()), encoding="utf-8")
        replace(plan, report=report).put_down_swaps()
        environ = environment(replace(plan, report=report), hash_seed)
        code, interrupted = run(argv, environ, report, streams)
        return Outcome(
            code=code,
            result=load(report),
            told=any(Path(report).glob("*.starting")),
            failed="\n".join(file.read_text("utf-8") for file in Path(report).glob("*.failed")),
            interrupted=interrupted,
            refusals=tuple(_refusal(file) for file in sorted(Path(report).glob("*.refused"))),
            libraries=tuple(loaded.names(report)),
            sources=sources.load(report),
        )


def run(
    argv: tuple[str, ...], environ: Mapping[str, str], report: str, streams: Mapping[str, Any] | None = None
) -> tuple[int, bool]:
    """Run ``argv`` to its end; where the result in ``report`` says that it was stopped, it is made to end.

    Gives the exit code, 128 + n when signal n ended it, and whether Ctrl-C came. Raises :class:`UsageError`.
    """
    try:
        process = subprocess.Popen(argv, env=environ, **(streams or {}))
    except OSError as error:
        raise UsageError(f"cannot run {argv[0]}: {error.strerror}", hint="is the path right?") from error
    with _forwarding(process) as heard:
        code = _wait(process, report)
    return (code if code >= 0 else 128 - code), signal.SIGINT in heard


def _wait(process: subprocess.Popen[Any], report: str) -> int:
    """The exit code of ``process``; one that a divergence has stopped, and that waits for ever, is ended.

    A program waits so when what was stopped is a worker that nobody replaces, such as a pool's process.
    """
    stopped_at: float | None = None
    while True:
        try:
            return process.wait(LOOK)
        except subprocess.TimeoutExpired:
            result = load(report)
            if result is not None and result.stopped:
                stopped_at = stopped_at or time.monotonic()
        if stopped_at is not None and time.monotonic() - stopped_at > GRACE:
            process.terminate()
            try:
                return process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def environment(plan: Plan, hash_seed: str) -> dict[str, str]:
    """Our environment, with the plan and the path on which a Python program finds it."""
    places = [str(Path(inject.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    seed = {"PYTHONHASHSEED": hash_seed} if hash_seed else {}
    return {**os.environ, **seed, "PYTHONPATH": os.pathsep.join(places), **plan.to_environ(), **_key(plan)}


def _key(plan: Plan) -> dict[str, str]:
    """How the program's processes find the key, if there is one to be found."""
    if plan.encrypt or (plan.mode == "play" and File(plan.cassette).cipher is not None):
        return keys.asked_once(os.environ)
    return {}


def _carry() -> dict[str, Any]:
    """Where our package and its dependencies lie, and which interpreters their compiled parts are for."""
    return {
        "suffix": EXTENSION_SUFFIXES[0],
        "places": {name: place for name in CARRIED if (place := _place(name))},
    }


def _place(name: str) -> str | None:
    spec = find_spec(name)
    if spec is None or not spec.origin:
        return None
    folder = Path(spec.origin).absolute().parent
    return str(folder.parent if spec.submodule_search_locations else folder)


def _refusal(file: Path) -> Refusal:
    word = json.loads(file.read_text(encoding="utf-8"))
    return Refusal(word["python"], word["version"], word["ran"])


@contextmanager
def _forwarding(process: subprocess.Popen[Any]) -> Iterator[set[int]]:
    """Hand signals on to the program, which alone decides what they mean. Yields the set of those that came."""
    heard: set[int] = set()

    def forward(number: int, frame: FrameType | None) -> None:
        heard.add(number)
        if not (number in _OF_TERMINAL and _in_foreground()):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether we are a terminal's foreground job: then the terminal has sent the signal to the program too."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
