"""One branch of a run (what one logical task did) aligned with one of another run, coarse to fine.

Equal fingerprints are anchors, first with equal answers; then steps that do the same after another history (an early
change is in every later request of a chat); between anchors an alignment by similarity. What is equal but left over at
another point has moved: it is set aside early, lest its place be filled by a neighbour that only looks like it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property

from replay.dialects.steps import Step
from replay.diff.affine import CELLS, align
from replay.diff.anchors import Stretch, anchored, between_pairs, rising
from replay.diff.features import Feature, Vocabulary, similarity

Pair = tuple[int, int]

MOVED_ALIKE = 0.75
"""Similarity from which on steps at different points are the same one, moved and changed."""

ALONE_ALIKE = 0.1
"""The same for steps that stand between the same neighbours, as many on either side, of the same kinds and names."""

MOVED_WORDS = 6
"""Words below which a step is too common a thing to be told to have moved by its words alone."""

_RARE = 3
"""A word that more steps of a side hold tells little about which is which."""


class Item:
    """A step as the alignment sees it; its words are read when its fingerprint did not settle the matter."""

    def __init__(self, step: Step, asked: Hashable, said: Hashable, vocabulary: Vocabulary) -> None:
        self.step, self.asked, self.said = step, asked, said
        self._vocabulary = vocabulary

    @cached_property
    def feature(self) -> Feature:
        return self._vocabulary.feature(self.step)

    @property
    def words(self) -> set[str]:
        return {*self.feature.asked, *self.feature.said}

    @property
    def words_said(self) -> Hashable:
        """Equal for steps that said the same, unless it is little: then each is like no other."""
        feature = self.feature
        return (feature.kind, feature.name, feature.said) if len(feature.said) >= MOVED_WORDS else self

    @property
    def telling(self) -> bool:
        return len(self.feature.asked) + len(self.feature.said) >= MOVED_WORDS


_LEVELS: tuple[tuple[Callable[[Item], Hashable], Callable[[Item], bool]], ...] = (
    (lambda item: (item.asked, item.said), lambda item: True),
    (lambda item: item.asked, lambda item: True),
    (lambda item: item.feature.core, lambda item: item.telling),
    (lambda item: item.words_said, lambda item: True),
)
"""What makes two items the same, from sure to likely; and which items it can tell to have moved."""


class Branch:
    """``pairs``: ``(i, j)``, both rising. ``moved``: pairs that break that order. Sorted."""

    def __init__(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        self.old, self.new = old, new
        self.pairs: list[Pair] = []
        self.moved: list[Pair] = []
        self._gone: tuple[set[int], set[int]] = (set(), set())
        self._stretches: list[Stretch] = [(0, len(old), 0, len(new))]
        for key, movable in _LEVELS:
            self._anchor(key)
            self._displace(key, movable)
        self._split()
        for stretch in self._stretches:
            self._align(stretch)
        left = ([i for i in range(len(side)) if i not in self._gone[n]] for n, side in enumerate((old, new)))
        self.moved += moves(old, new, *left)
        self.pairs.sort()
        self.moved.sort()

    def _pair(self, pairs: Iterable[Pair], into: list[Pair]) -> None:
        for i, j in pairs:
            into.append((i, j))
            self._gone[0].add(i)
            self._gone[1].add(j)

    def _open(self, stretch: Stretch) -> tuple[list[int], list[int]]:
        """What of a stretch is not paired yet."""
        i1, i2, j1, j2 = stretch
        return [i for i in range(i1, i2) if i not in self._gone[0]], [
            j for j in range(j1, j2) if j not in self._gone[1]
        ]

    def _anchor(self, key: Callable[[Item], Hashable]) -> None:
        left: list[Stretch] = []
        for stretch in self._stretches:
            ours, theirs = self._open(stretch)
            if not ours or not theirs:
                left.append(stretch)
                continue
            old, new = [key(self.old[i]) for i in ours], [key(self.new[j]) for j in theirs]
            found = anchored(old, new, (0, len(old), 0, len(new)))
            pairs = [(ours[i], theirs[j]) for i, j in found]
            self._pair(pairs, self.pairs)
            left += between_pairs(pairs, stretch)
        self._stretches = left

    def _displace(self, key: Callable[[Item], Hashable], movable: Callable[[Item], bool]) -> None:
        """Pair what is equal in different stretches, where its own stretch holds nothing equal."""
        away: tuple[dict[Hashable, list[int]], dict[Hashable, list[int]]] = (defaultdict(list), defaultdict(list))
        for stretch in self._stretches:
            sides = self._open(stretch)
            keys = [[key(side[at]) for at in open] for side, open in zip((self.old, self.new), sides, strict=True)]
            for n, side in enumerate((self.old, self.new)):
                others = set(keys[1 - n])
                for at, own in zip(sides[n], keys[n], strict=True):
                    if own not in others and movable(side[at]):
                        away[n][own].append(at)
        for own, places in away[0].items():
            self._pair(zip(places, away[1].get(own, ()), strict=False), self.moved)

    def _split(self) -> None:
        """Stretches too large for a whole table are split where two steps alone share rare words."""
        left: list[Stretch] = []
        for stretch in self._stretches:
            ours, theirs = self._open(stretch)
            if len(ours) * len(theirs) <= CELLS:
                left.append(stretch)
                continue
            chosen = rising(sorted(_mutual(_votes(self.old, self.new, ours, theirs))))
            self._pair(chosen, self.pairs)
            left += between_pairs(chosen, stretch)
        self._stretches = left

    def _align(self, stretch: Stretch) -> None:
        ours, theirs = self._open(stretch)
        old, new = [self.old[i].feature for i in ours], [self.new[j].feature for j in theirs]
        found = align(len(old), len(new), lambda i, j: similarity(old[i], new[j]))
        for i1, i2, j1, j2 in between_pairs(found, (0, len(old), 0, len(new))):
            if [(f.kind, f.name) for f in old[i1:i2]] == [(f.kind, f.name) for f in new[j1:j2]]:
                places = zip(range(i1, i2), range(j1, j2), strict=True)
                found += [(i, j) for i, j in places if similarity(old[i], new[j]) >= ALONE_ALIKE]
        self._pair([(ours[i], theirs[j]) for i, j in found], self.pairs)


def moves(old: Sequence[Item], new: Sequence[Item], ours: Sequence[int], theirs: Sequence[int]) -> list[Pair]:
    """Of what is left, the pairs so much alike that they are the same step at another point; the most alike first."""
    votes = _votes(old, new, [i for i in ours if old[i].telling], [j for j in theirs if new[j].telling])
    scored = [(similarity(old[i].feature, new[j].feature), i, j) for i, j in votes]
    taken: tuple[set[int], set[int]] = (set(), set())
    found = []
    for alike, i, j in sorted(scored, key=lambda each: (-each[0], abs(each[1] - each[2]))):
        if alike >= MOVED_ALIKE and i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            found.append((i, j))
    return found


def _votes(old: Sequence[Item], new: Sequence[Item], ours: Sequence[int], theirs: Sequence[int]) -> Counter[Pair]:
    """How many rare words each pair of steps shares; pairs that share none are left out."""
    places = _places(old, ours), _places(new, theirs)
    votes: Counter[Pair] = Counter()
    for word, where in places[0].items():
        others = places[1].get(word, ())
        if len(where) <= _RARE and len(others) <= _RARE:
            votes.update([(i, j) for i in where for j in others])
    return votes


def _places(items: Sequence[Item], at: Iterable[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place in at:
        for word in items[place].words:
            found[word].append(place)
    return found


def _mutual(votes: Counter[Pair]) -> Iterator[Pair]:
    """The pairs that are each other's best, clearly."""
    best: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = ({}, {})
    for (i, j), count in votes.items():
        best[0][i] = max(best[0].get(i, (0, 0)), (count, j))
        best[1][j] = max(best[1].get(j, (0, 0)), (count, i))
    for i, (count, j) in best[0].items():
        if best[1][j] == (count, i) and count >= 2:
            yield i, j
