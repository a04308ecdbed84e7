"""What an answer carries besides its meaning: ids, the time, and where its text is cut into chunks."""

from __future__ import annotations

import string
from dataclasses import dataclass
from random import Random

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Stamp:
    """``created``: seconds since the epoch. ``rng`` draws the ids."""

    rng: Random
    created: int

    def id(self, prefix: str, length: int = 24) -> str:
        return prefix + "".join(self.rng.choices(_LETTERS, k=length))
