"""A row of numbers as small bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_BARS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float | None], width: int) -> str:
    """``values`` in at most ``width`` characters, the highest as a full bar; blank where nothing is known.

    More values than ``width`` share a bar, which shows the highest of them.
    """
    if width <= 0 or not values:
        return ""
    shown = values if len(values) <= width else [_highest(part) for part in _parts(values, width)]
    top = max((value for value in shown if value is not None), default=0.0) or 1.0
    return "".join([" " if value is None else _BARS[min(7, int(value / top * 7.999))] for value in shown])


def _parts(values: Sequence[float | None], count: int) -> list[Sequence[float | None]]:
    edges = [at * len(values) // count for at in range(count + 1)]
    return [values[start:end] for start, end in pairwise(edges)]


def _highest(part: Sequence[float | None]) -> float | None:
    return max((value for value in part if value is not None), default=None)
