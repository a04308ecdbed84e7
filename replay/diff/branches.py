"""Which task of one run is which of another.

A lineage counts children where they are created, so a task that is started before others shifts their addresses, and
another framework has other ones. Equal addresses are trusted unless another task clearly did the same things.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Pair = tuple[str, str]

CLEARLY = 2
"""How many times more a task at another address must share, to be taken in place of the one at the same."""

COMMON = 64
"""What more tasks than this did does not tell them apart."""


def paired(
    old: Mapping[str, Sequence[Item]],
    new: Mapping[str, Sequence[Item]],
    same: Sequence[Callable[[Item], Hashable]],
    alike: Callable[[Item], Hashable],
) -> list[Pair]:
    """Pairs of lineages that did the same work. Each is paired at most once.

    ``same``: keys of an item, from sure to likely; what they leave over is paired by address, then by ``alike``.
    """
    if len(old) == len(new) == 1:
        return [(next(iter(old)), next(iter(new)))]
    found: list[Pair] = []
    for key in same:
        found += _by_work(_left(old, found, 0), _left(new, found, 1), key)
    held = _left(new, found, 1)
    found += [(lineage, lineage) for lineage in _left(old, found, 0) if lineage in held]
    return found + _by_work(_left(old, found, 0), _left(new, found, 1), alike)


def _left(run: Mapping[str, Sequence[Item]], found: Sequence[Pair], side: int) -> dict[str, Sequence[Item]]:
    taken = {pair[side] for pair in found}
    return {lineage: items for lineage, items in run.items() if lineage not in taken}


def _by_work(
    old: Mapping[str, Sequence[Item]], new: Mapping[str, Sequence[Item]], key: Callable[[Item], Hashable]
) -> list[Pair]:
    """The lineages that share most, greedily; equal addresses before others."""
    shared = _shared(old, new, key)
    worth = {pair: count * (CLEARLY if pair[0] == pair[1] else 1) for pair, count in shared.items()}
    taken: tuple[set[str], set[str]] = (set(), set())
    found = []
    for a, b in sorted(worth, key=lambda pair: (-worth[pair], pair[0] != pair[1], pair)):
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            found.append((a, b))
    return found


def _shared(
    old: Mapping[str, Sequence[Item]], new: Mapping[str, Sequence[Item]], key: Callable[[Item], Hashable]
) -> Counter[Pair]:
    """How many things two lineages both did."""
    places: dict[Hashable, list[str]] = defaultdict(list)
    for lineage, items in old.items():
        for each in {key(item) for item in items}:
            places[each].append(lineage)
    shared: Counter[Pair] = Counter()
    for lineage, items in new.items():
        for each in {key(item) for item in items}:
            held = places.get(each, ())
            if len(held) <= COMMON:
                shared.update([(other, lineage) for other in held])
    return shared
