"""The steps of two runs set against each other: branch by branch, then what moved between them, then in one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from replay.canon.fingerprint import VERSION, fingerprint
from replay.cassette.forks import swapped_events
from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.branch import Branch, Item, moves
from replay.diff.branches import paired
from replay.diff.features import Vocabulary
from replay.diff.model import Move

Asked = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Aligned:
    """A pair of steps, or a step of one run."""

    a: Step | None
    b: Step | None
    moved: Move | None = None


def align_steps(
    old: Sequence[Step], new: Sequence[Step], *, trusted: bool = True, asked: tuple[Asked, Asked] = ({}, {})
) -> list[Aligned]:
    """Every step of both runs once, in the order of ``new``, what only ``old`` has where it was.

    ``trusted``: both runs' fingerprints were made by the rules of this version; else they are worked out anew.
    ``asked``: for the events of either run that a swap made, by id, the fingerprint of what the program itself asked.
    """
    vocabulary = Vocabulary()
    items = tuple(
        [_item(step, trusted, own, vocabulary) for step in run] for run, own in zip((old, new), asked, strict=True)
    )
    branches = tuple(_by_lineage(run) for run in items)
    found = _Pairs()
    for a, b in paired(branches[0], branches[1], (_asked, _core), _named):
        found.add(branches[0][a], branches[1][b])
    found.across(*items)
    return _in_order(old, new, found)


def trusted(a: Cassette, b: Cassette) -> bool:
    """Whether the fingerprints of the two can be compared as they were written."""
    return all(run.header.behaviour.get("fingerprint") == VERSION for run in (a, b))


def asked_in(run: Cassette) -> Asked:
    """What the program itself asked where a swap had it ask otherwise (see :func:`align_steps`)."""
    return {event: swapped.asked for event, swapped in swapped_events(run.notes).items()} if run.header.swaps else {}


def _item(step: Step, trusted: bool, own: Asked, vocabulary: Vocabulary) -> Item:
    source = step.source
    if source is None:
        return Item(step, (step.name, step.arguments), step.value, vocabulary)
    written = source.fingerprint if trusted and source.fingerprint else fingerprint(source.request)
    asked = own.get(source.id, written)
    answer = source.answer
    said: Hashable = None
    if answer is not None:
        said = answer.head and answer.head.status, blake2b(answer.body, digest_size=8).digest(), answer.failure
    return Item(step, asked, said, vocabulary)


def _asked(item: Item) -> Hashable:
    return item.asked


def _core(item: Item) -> Hashable:
    return item.feature.core


def _named(item: Item) -> Hashable:
    return item.step.kind, item.step.name


def _by_lineage(items: Sequence[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item.step.lineage].append(item)
    return found


class _Pairs:
    """``to``: number of a's step -> number of b's. ``moved``: the same for those out of order."""

    def __init__(self) -> None:
        self.to: dict[int, int] = {}
        self.moved: dict[int, Move] = {}
        self._partner: dict[str, str] = {}

    def add(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        """Align two branches."""
        self._partner[old[0].step.lineage] = new[0].step.lineage
        branch = Branch(old, new)
        for i, j in branch.pairs:
            self.to[old[i].step.number] = new[j].step.number
        for i, j in branch.moved:
            number = old[i].step.number
            self.to[number] = new[j].step.number
            self.moved[number] = Move(_number(old, i - 1), _number(new, j - 1))

    def across(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        """Pair what is left and went from one branch to another: equal first, then much alike."""
        held = set(self.to.values())
        ours = [i for i, item in enumerate(old) if item.step.number not in self.to]
        theirs = [j for j, item in enumerate(new) if item.step.number not in held]
        equal = _equal([(i, old[i].asked) for i in ours], [(j, new[j].asked) for j in theirs])
        taken = {i for i, _ in equal}, {j for _, j in equal}
        rest = [i for i in ours if i not in taken[0]], [j for j in theirs if j not in taken[1]]
        before = _before(old), _before(new)
        for i, j in [*equal, *moves(old, new, *rest)]:
            branch = self._partner.get(old[i].step.lineage) != new[j].step.lineage
            number = old[i].step.number
            self.to[number] = new[j].step.number
            self.moved[number] = Move(before[0][i], before[1][j], branch)


def _equal(ours: list[tuple[int, Hashable]], theirs: list[tuple[int, Hashable]]) -> list[tuple[int, int]]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for j, key in reversed(theirs):
        places[key].append(j)
    return [(i, places[key].pop()) for i, key in ours if places.get(key)]


def _number(items: Sequence[Item], at: int) -> int:
    return items[at].step.number if at >= 0 else 0


def _before(items: Sequence[Item]) -> list[int]:
    """For each item the number of the step before it in its branch, or 0."""
    last: dict[str, int] = {}
    found = []
    for item in items:
        found.append(last.get(item.step.lineage, 0))
        last[item.step.lineage] = item.step.number
    return found


def _in_order(old: Sequence[Step], new: Sequence[Step], found: _Pairs) -> list[Aligned]:
    back = {b: a for a, b in found.to.items()}
    gone = _gone_after(old, found)
    rows = [Aligned(step, None) for step in gone.get(0, ())]
    by_number = {step.number: step for step in old}
    for step in new:
        a = back.get(step.number)
        rows.append(Aligned(by_number[a] if a else None, step, found.moved.get(a) if a else None))
        rows += [Aligned(lost, None) for lost in gone.get(step.number, ())]
    return rows


def _gone_after(old: Sequence[Step], found: _Pairs) -> dict[int, list[Step]]:
    """What only a has, by the number of b's step after which it is shown: that of its last neighbour in its branch."""
    gone: dict[int, list[Step]] = defaultdict(list)
    last: dict[str, int] = {}
    latest = 0
    for step in old:
        b = found.to.get(step.number)
        if b is None:
            gone[last.get(step.lineage, latest)].append(step)
        elif step.number not in found.moved:
            last[step.lineage] = latest = b
    return gone
