"""One line of the table that a benchmark prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """``value`` in ``unit``, with the ``low`` and ``high`` quartile of its rounds; ``budget`` is the most it may be.

    ``detail``: what the value was made of, in words.
    """

    what: str
    value: float
    unit: str
    budget: float | None = None
    low: float | None = None
    high: float | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return ""
        return "ok" if self.value <= self.budget else "over"


@dataclass(frozen=True, slots=True)
class Bench:
    """A benchmark: ``run(directory, large)`` gives rows; ``large`` allows what takes minutes."""

    name: str
    run: Callable[[Path, bool], Iterable[Row]]
