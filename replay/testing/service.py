"""The state of one server: its calls, its script, its dice."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from replay.testing.reply import Reply
from replay.testing.wire.stamp import Stamp

_KEPT = 10_000


@dataclass(slots=True)
class Service:
    """``latency``: seconds, from and to. ``calls`` counts all requests; ``log`` keeps the last 10,000."""

    seed: int | None = None
    latency: tuple[float, float] = (0.0, 0.0)
    calls: int = 0
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    script: list[Reply] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    _asked: Counter[bytes] = field(default_factory=Counter)

    def note(self, method: str, path: str, body: bytes) -> None:
        self.calls += 1
        self.log.append({"method": method, "path": path, "body": body.decode("utf-8", "replace")})

    def next_reply(self, path: str) -> Reply:
        """Take the first scripted reply that is for ``path``; an empty one when there is none."""
        for index, reply in enumerate(self.script):
            if reply.only in path:
                return self.script.pop(index)
        return Reply()

    def dice(self, request: bytes) -> Random:
        """Random, or with a seed the same for the n-th time of the same request, whatever came in between."""
        if self.seed is None:
            return Random()
        digest = hashlib.sha256(request).digest()
        self._asked[digest] += 1
        return Random(f"{self.seed} {digest.hex()} {self._asked[digest]}")

    def stamp(self, dice: Random) -> Stamp:
        return Stamp(dice, int(time.time()))

    def pause(self, share: float = 1.0) -> float:
        """Seconds to wait, drawn from the latency; never from the seeded dice, for time is not theirs to fix."""
        return Random().uniform(*self.latency) * share

    def reset(self) -> None:
        self.calls = 0
        self.log.clear()
        self.script.clear()
        self.refunds.clear()
        self._asked.clear()
