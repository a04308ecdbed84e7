"""A program, or a part of one, that the recorder did not see: always an error, never a quiet 0."""

from __future__ import annotations

import sys
from pathlib import Path

from replay.cli import output
from replay.cli.launch import Outcome
from replay.errors import ReplayError, UsageError

MISSED = 2
BUG = 70


def no_session(outcome: Outcome) -> int:
    """Say why the recorder never started; returns the exit code."""
    if outcome.told:
        return outcome.code
    if outcome.failed:
        output.error(_broken(outcome.failed))
        return BUG
    refusal = next((refusal for refusal in outcome.refusals if not refusal.ran), None)
    problem = _foreign(refusal.python, refusal.version) if refusal else _UNSEEN
    output.error(problem)
    return problem.exit_code


def children(outcome: Outcome) -> int:
    """Say which child processes ran, or were kept from running, without the recorder; returns 2 if any, else 0."""
    for refusal in outcome.refusals:
        how = "ran without the recorder" if refusal.ran else "was not run"
        output.note(f"replay: error: a child process {how}: {refusal.python} is Python {refusal.version}")
    if outcome.failed:
        output.error(_broken(outcome.failed))
    if outcome.refusals:
        output.note(f"hint: {_install(outcome.refusals[0].python)}")
    return MISSED if outcome.refusals or outcome.failed else 0


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
    hint="give the Python command itself: replay record -- python agent.py",
)


def _foreign(python: str, version: str) -> UsageError:
    here = ".".join(map(str, sys.version_info[:2]))
    return UsageError(f"{python} is Python {version}, and replay is installed for {here}", hint=_install(python))


def _install(python: str) -> str:
    return f"{python} -m pip install replay-debugger, and use the replay command that this installs"


def _broken(failed: str) -> ReplayError:
    kind, *lines = failed.splitlines()
    place = f" ({lines[-1]})" if lines else ""
    return ReplayError(
        f"the recorder could not start in the program: {kind}{place}", hint="this is a bug of ours: send it"
    )
