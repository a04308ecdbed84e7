"""Behaviour flags: the rules that a cassette was recorded by, each with a number in its header.

A rule whose change would alter how old cassettes replay gets a new number when it changes, and the old one is kept for
the cassettes that name it. A cassette by newer rules than these can be read, but not replayed.
"""

from __future__ import annotations

from collections.abc import Mapping

from replay.canon import VERSION as FINGERPRINT
from replay.canon.redact import VERSION as REDACTION
from replay.errors import CassetteError
from replay.events import Header

CURRENT: Mapping[str, int] = {"fingerprint": FINGERPRINT, "redaction": REDACTION, "processes": 1, "frameworks": 1}
"""What is recorded now: how requests are matched, what is replaced in them before, that subprocesses are events, and
that the tools of agent frameworks are (without ``processes`` and ``frameworks`` a replay runs them again)."""

IMPORTED: Mapping[str, int] = {"fingerprint": FINGERPRINT, "redaction": REDACTION, "tasks": 0}
"""What another tool recorded: HTTP alone, of nobody knows which task, and so in no order that could be held to."""


def knows_tasks(header: Header) -> bool:
    """Whether the cassette says which task asked for what, and when: all of ours do."""
    return header.behaviour.get("tasks", 1) > 0


def check_behaviour(header: Header) -> None:
    """Raises :class:`CassetteError` when a replay by the rules known here could serve wrong answers."""
    for name, number in header.behaviour.items():
        known = CURRENT.get(name, 0)
        if number > known:
            raise CassetteError(
                f"it was recorded by rules that this version does not know ({name} {number}, known up to {known})",
                hint="upgrade replay-debugger to replay it; `replay show` can read it",
            )
