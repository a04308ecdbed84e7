"""Changes planted in a run, and how well an alignment finds what belongs together."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from replay.dialects.steps import Step
from replay.diff.align import align_steps
from replay.events import Event
from tests.diff.trajectories import Trajectory, Turn, reworded

Change = Callable[[list[Turn], Sequence[Turn], random.Random], list[Turn]]
LIGHT, HEAVY = 0.15, 0.4
"""Share of the words that an edit replaces."""


def insert(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    at = rng.randrange(len(turns) + 1)
    return [*turns[:at], _foreign(others, rng), *turns[at:]]


def delete(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    at = rng.randrange(len(turns))
    return turns[:at] + turns[at + 1 :]


def edit(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    at = rng.randrange(len(turns))
    return [*turns[:at], reworded(turns[at], LIGHT, rng), *turns[at + 1 :]]


def reorder(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    """One step goes somewhere else."""
    at = rng.randrange(len(turns))
    rest = turns[:at] + turns[at + 1 :]
    to = rng.randrange(len(rest) + 1)
    return [*rest[:to], turns[at], *rest[to:]]


def block(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    """Three to ten neighbours come, go, or go somewhere else."""
    size = rng.randrange(3, 11)
    start = rng.randrange(max(1, len(turns) - size))
    part, rest = turns[start : start + size], turns[:start] + turns[start + size :]
    to = rng.randrange(len(rest) + 1)
    came = [_foreign(others, rng) for _ in range(size)]
    at = rng.randrange(len(turns) + 1)
    return rng.choice(([*turns[:at], *came, *turns[at:]], rest or turns, [*rest[:to], *part, *rest[to:]]))


def heavy(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    """A third of the steps is inserted, deleted, moved, or loses two fifths of its words."""
    for _ in range(max(2, len(turns) // 3)):
        change = rng.choice((insert, delete, _edit_much, _edit_much, reorder))
        turns = change(turns, others, rng) or turns
    return turns


def _edit_much(turns: list[Turn], others: Sequence[Turn], rng: random.Random) -> list[Turn]:
    at = rng.randrange(len(turns))
    return [*turns[:at], reworded(turns[at], HEAVY, rng), *turns[at + 1 :]]


def _foreign(others: Sequence[Turn], rng: random.Random) -> Turn:
    turn = rng.choice(others)
    return replace(turn, id=f"foreign {rng.random()}")


LIGHT_CHANGES: tuple[Change, ...] = (insert, delete, edit, reorder)
CHANGES: tuple[Change, ...] = (*LIGHT_CHANGES, block, heavy)

Aligner = Callable[[Sequence[Step], Sequence[Step]], Iterable[tuple[int, int]]]


def ours(old: Sequence[Step], new: Sequence[Step]) -> list[tuple[int, int]]:
    rows = align_steps(old, new)
    sources = [(row.a.source, row.b.source) for row in rows if row.a and row.b]
    return [(a.id, b.id) for a, b in sources if a and b]


def by_position(old: Sequence[Step], new: Sequence[Step]) -> list[tuple[int, int]]:
    return [(n, n) for n in range(min(len(_events(old)), len(_events(new))))]


def by_equality(old: Sequence[Step], new: Sequence[Step]) -> list[tuple[int, int]]:
    asked = ([event.fingerprint for event in _events(run)] for run in (old, new))
    matcher = SequenceMatcher(None, *asked, autojunk=False)
    return [(i + n, j + n) for i, j, size in matcher.get_matching_blocks() for n in range(size)]


def _events(run: Sequence[Step]) -> list[Event]:
    return [step.source for step in run if step.source]


class Score:
    """Pairs that were found, that were right, and that there are."""

    def __init__(self) -> None:
        self.found = self.right = self.true = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 1.0

    def add(self, old: Sequence[Turn], new: Sequence[Turn], pairs: Iterable[tuple[int, int]]) -> None:
        """A pair is right when both are the same turn, or nobody could tell that they are not: both were equal."""
        places = {turn.id: at for at, turn in enumerate(old)}
        for i, j in pairs:
            origin = places.get(new[j].id)
            meant = old[origin] if origin is not None else new[j]
            right = _content(meant) == _content(old[i])
            if origin is not None or not right:  # what came is no worse for being set against its equal
                self.found += 1
                self.right += right
        self.true += sum(turn.id in places for turn in new)


def _content(turn: Turn) -> Hashable:
    """What a turn is, without headers: they are no part of a fingerprint."""
    asked = (turn.asked[0].target, turn.asked[1]) if turn.kind == "http" else repr(turn.asked)
    return (turn.kind, turn.name, asked, repr(turn.said))


def planted(
    trajectory: Trajectory, change: Change, others: Sequence[Turn], rng: random.Random
) -> tuple[list[Turn], list[Turn]]:
    """The turns before and after."""
    before = list(trajectory.turns)
    return before, change(list(before), others, rng) or before


def side_by_side(
    tasks: Sequence[Sequence[Turn]], render: Callable[[Sequence[Turn]], list[Event]], rng: random.Random
) -> tuple[list[Turn], list[Event]]:
    """The turns and the events of tasks that run at the same time: each in its own order, between them at random."""
    waiting = [list(zip(turns, render(turns), strict=True)) for turns in tasks]
    made: list[tuple[Turn, Event]] = []
    while left := [at for at, task in enumerate(waiting) if task]:
        at, place = rng.choice(left), len(made)
        turn, event = waiting[at].pop(0)
        made.append((turn, replace(event, id=place, at=place, tick=place, lineage=f"0/a{at + 1}")))
    return [turn for turn, _ in made], [event for _, event in made]
