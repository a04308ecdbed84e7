"""What the machine does to a run, made worse on purpose: a replay has to come out the same in any weather.

A weather is a number, 0 for calm. It decides how often the interpreter switches threads, and which thread starts and
requests are late by how much: by the address of the task and its count there, so that the same number is the same
weather again. Processes get it with their plan.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from replay.engine import lineage, spawn
from replay.engine.lineage import Node
from replay.engine.session import Session
from replay.taps.patch import wrap

SLOWEST = 0.004
"""Seconds of the longest delay: well under the time after which a replay takes a silent thread for blocked."""

_SWITCHES = (1e-6, 1e-4, 0.02)
_CHANCES = (0.1, 0.5)


@dataclass(frozen=True, slots=True)
class Weather:
    """``switch``: seconds between two switches of the interpreter's threads; ``chance``: of each delay, 0 to 1."""

    number: int
    switch: float
    chance: float

    def delay(self, place: str) -> float:
        """Seconds by which what happens at ``place`` is late."""
        digest = blake2b(f"{self.number} {place}".encode(), digest_size=16).digest()
        chance, share = (int.from_bytes(half) / 2**64 for half in (digest[:8], digest[8:]))
        return share * SLOWEST if chance < self.chance else 0.0

    def __str__(self) -> str:
        return (
            f"weather {self.number}: threads switch every {self.switch * 1000:g} ms, {self.chance:.0%} of thread starts"
            f" and requests are up to {SLOWEST * 1000:g} ms late"
        )


def weather(number: int) -> Weather | None:
    """The weather of this number; None for 0, which is calm."""
    return Weather(number, _SWITCHES[number % 3], _CHANCES[number % 2]) if number else None


def begin(number: int) -> None:
    """Make this weather that of the process, until it ends."""
    today = weather(number)
    if today is None:
        return
    sys.setswitchinterval(today.switch)

    def late_start(start: Callable[[Node], None]) -> Callable[[Node], None]:
        def start_late(node: Node) -> None:
            _stand(today.delay(f"start {node.address}"))
            start(node)

        return start_late

    def late_issue(issue: Callable[..., Any]) -> Callable[..., Any]:
        def issue_late(self: Session, request: Any) -> Any:
            node = lineage.current()
            if node is not None:
                _stand(today.delay(f"issue {node.address} {node.issued}"))
            return issue(self, request)

        return issue_late

    wrap(spawn, "_start_in_turn", late_start)
    wrap(Session, "issue", late_issue)


def _stand(seconds: float) -> None:
    """Not ``time.sleep``, which a session stands in for."""
    if seconds:
        select.select([], [], [], seconds)
