"""Anchors: items that both sequences hold exactly once, chained in order (patience diff, B. Cohen).

What is unique on both sides is almost surely the same thing; between two anchors the same is tried again, where what
was not unique in the whole may be.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence

Stretch = tuple[int, int, int, int]
"""``old[i1:i2]`` and ``new[j1:j2]``, of which nothing is paired yet."""

MAX_ROUNDS = 16


def anchored(old: Sequence[Hashable], new: Sequence[Hashable], stretch: Stretch) -> list[tuple[int, int]]:
    """The pairs of equal keys within ``stretch`` that keep both orders."""
    pairs: list[tuple[int, int]] = []
    waiting = [(stretch, 0)]
    while waiting:
        part, round = waiting.pop()
        found = _ends(old, new, part) if round == 0 else []
        found = found or (_unique(old, new, part) if round < MAX_ROUNDS else [])
        pairs += found
        if found:
            waiting += [(between, round + 1) for between in between_pairs(found, part)]
    return sorted(pairs)


def between_pairs(pairs: Sequence[tuple[int, int]], stretch: Stretch) -> list[Stretch]:
    """What of ``stretch`` lies before, between and after ``pairs``, without what is empty on both sides."""
    i1, i2, j1, j2 = stretch
    found = []
    for i, j in (*pairs, (i2, j2)):
        if i > i1 or j > j1:
            found.append((i1, i, j1, j))
        i1, j1 = i + 1, j + 1
    return found


def rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of ``pairs``, which come in order of their first number, whose second rises too."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for at, (_, j) in enumerate(pairs):
        place = bisect_left(ends, j)
        before.append(places[place - 1] if place else -1)
        ends[place : place + 1] = [j]
        places[place : place + 1] = [at]
    chain = []
    at = places[-1] if places else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    chain.reverse()
    return chain


def _ends(old: Sequence[Hashable], new: Sequence[Hashable], stretch: Stretch) -> list[tuple[int, int]]:
    """The equal beginning and the equal end of the stretch."""
    i1, i2, j1, j2 = stretch
    shorter = min(i2 - i1, j2 - j1)
    start = next((n for n in range(shorter) if old[i1 + n] != new[j1 + n]), shorter)
    rest = shorter - start
    end = next((n for n in range(rest) if old[i2 - 1 - n] != new[j2 - 1 - n]), rest)
    head = [(i1 + n, j1 + n) for n in range(start)]
    return head + [(i2 - n, j2 - n) for n in range(end, 0, -1)]


def _unique(old: Sequence[Hashable], new: Sequence[Hashable], stretch: Stretch) -> list[tuple[int, int]]:
    i1, i2, j1, j2 = stretch
    theirs = _once(new, j1, j2)
    ours = _once(old, i1, i2)
    return rising([(i, theirs[key]) for key, i in ours.items() if key in theirs])


def _once(items: Sequence[Hashable], start: int, end: int) -> dict[Hashable, int]:
    """Where each key stands that occurs once."""
    places: dict[Hashable, int] = {}
    twice: set[Hashable] = set()
    for at in range(start, end):
        if items[at] in places:
            twice.add(items[at])
        places[items[at]] = at
    return {key: at for key, at in places.items() if key not in twice}
