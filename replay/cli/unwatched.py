"""A program, or a part of one, that the recorder did not see: always an error, never a quiet 0."""

from __future__ import annotations

import sys
from pathlib import Path

from replay.cli import output
from replay.cli.launch import Outcome, Refusal
from replay.errors import ReplayError, UsageError

MISSED = 2
_IN_C = ("curl_cffi", "grpc._channel", "grpc.aio._channel", "pycurl", "uvloop")
"""Libraries whose sockets Python's audit hooks do not see."""
OLDEST = (3, 11)
"""The oldest Python that our package can be installed for."""


def no_session(outcome: Outcome) -> int:
    """Say why the recorder never started; returns the exit code."""
    if outcome.told:
        return outcome.code
    problem = unseen(outcome)
    output.error(problem)
    return problem.exit_code


def unseen(outcome: Outcome) -> ReplayError:
    """Why the recorder never started."""
    if outcome.failed:
        return _broken(outcome.failed)
    refusal = next((refusal for refusal in outcome.refusals if not refusal.ran), None)
    return _foreign(refusal) if refusal else _UNSEEN


def children(outcome: Outcome) -> int:
    """Say which child processes ran, or were kept from running, without the recorder; returns 2 if any, else 0."""
    missed = missing(outcome)
    output.note(*(f"replay: error: {line}" for line in missed))
    if outcome.refusals:
        output.note(f"hint: {_install(outcome.refusals[0])}")
    return MISSED if missed else 0


def missing(outcome: Outcome) -> list[str]:
    """The child processes that ran, or were kept from running, without the recorder, in words."""
    lines = [
        f"a child process {'ran without the recorder' if refusal.ran else 'was not run'}:"
        f" {refusal.python} is Python {refusal.version}"
        for refusal in outcome.refusals
    ]
    return [*lines, *([_broken(outcome.failed).message] if outcome.failed else [])]


def unguarded(outcome: Outcome) -> None:
    """Say whose connections nothing refuses, where the kernel does not and it matters."""
    unseen = [name for name in outcome.libraries if name in _IN_C]
    if unseen and outcome.result is not None and outcome.result.unguarded:
        output.note(f"replay: connections that {', '.join(unseen)} makes are not refused: {outcome.result.unguarded}")


def empty(outcome: Outcome, path: Path) -> ReplayError:
    """The program was watched, and nothing was seen."""
    from replay.taps import TAPS

    tapped = [name for name in outcome.libraries if name in TAPS]
    others = [name for name in outcome.libraries if name not in TAPS]
    told = (
        f"it loaded {', '.join(outcome.libraries)}" if outcome.libraries else "it loaded no library that is known here"
    )
    if tapped:
        hint = "did it reach the code that calls a model? mark other calls with @replay.tool"
    elif others:
        hint = f"{others[0]} is not seen by itself: mark the functions that use it with @replay.tool"
    else:
        hint = "mark the functions that reach the world with @replay.tool; replay doctor lists the libraries seen"
    return UsageError(f"nothing crossed the boundary: {path.name} holds no event; {told}", hint=hint)


_UNSEEN = UsageError(
    "the recorder never started: the program is not Python, or its Python was run with -I, -E or -S, or PYTHONPATH was"
    " taken from it",
    hint="give the Python command itself, replay record -- python agent.py; other languages: replay proxy",
)


def _foreign(refusal: Refusal) -> UsageError:
    here = ".".join(map(str, sys.version_info[:2]))
    message = f"{refusal.python} is Python {refusal.version}, and replay is installed for {here}"
    return UsageError(message, hint=_install(refusal))


def _install(refusal: Refusal) -> str:
    if tuple(map(int, refusal.version.split("."))) < OLDEST:
        return "run the program with Python 3.11 or newer"
    return f"{refusal.python} -m pip install replay-debugger, and use the replay command that this installs"


def _broken(failed: str) -> ReplayError:
    kind, *lines = failed.splitlines()
    place = f" ({lines[-1]})" if lines else ""
    return ReplayError(
        f"the recorder could not start in the program: {kind}{place}", hint="this is a bug of ours: send it"
    )
