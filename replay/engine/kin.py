"""The child processes of a session that a program opened for a part of itself (``with replay.record(…)``).

What the command line has for a whole run, such a session makes when its first child comes: a directory in which each
child keeps its result. When the session closes, the results are added up; a child that is not there, or that has not
come to its end, is told.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import replay.inject
from replay.engine.plan import Plan
from replay.engine.result import load, total

if TYPE_CHECKING:
    from replay.engine.session import Session

INJECT = str(Path(replay.inject.__file__).parent)
"""The directory from which a Python process imports our ``sitecustomize``."""

_places: dict[Session, str] = {}


def plan_of_child(session: Session, address: str) -> Plan:
    """The plan of the child process ``address``, which keeps its result where ``session`` finds it."""
    plan = session.plan.for_child(address)
    return plan if plan.report else replace(plan, report=_place(session))


def _place(session: Session) -> str:
    place = _places.get(session)
    if place is None:
        place = _places[session] = tempfile.mkdtemp(prefix="replay-")
        # A child has the interpreter of this process, and so our package: nothing has to be carried in.
        Path(place, "carry.json").write_text(json.dumps({"suffix": "", "places": {}}), encoding="utf-8")
    return place


def gather(session: Session) -> None:
    """Add what the children of ``session`` came to; once, in the process that has opened it."""
    place = _places.pop(session, None)
    if place is None:
        return
    children = load(place)
    if children is not None:
        total([session.result, children])
    session.result.differences.extend(_without_recorder(Path(place)))
    shutil.rmtree(place, ignore_errors=True)
    if session.source is None:
        _tell(session)


def _without_recorder(place: Path) -> Iterator[str]:
    for pattern in ("*.refused", "*.failed", "*.starting"):
        for _ in place.glob(pattern):
            yield "a child process ran, or was kept from running, without the recorder"


def _tell(session: Session) -> None:
    """A recording has nobody who asks for a verdict."""
    result = session.result
    lines = list(result.differences)
    if ended := len(result.lineages) - result.finished:
        lines.append(f"child processes that had not ended when the recording did: {ended}")
    for line in lines:
        sys.stderr.write(f"replay: error: {line}\n")


def forget() -> None:
    """In a forked child: the directories are its parent's."""
    _places.clear()


def python_path() -> str:
    """PYTHONPATH of a child Python process, with the place of the recorder first."""
    path = os.environ.get("PYTHONPATH", "")
    return path if path.split(os.pathsep)[0] == INJECT else os.pathsep.join(filter(None, [INJECT, path]))
