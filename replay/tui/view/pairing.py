"""Two texts line by line: which lines are equal, which stand for each other, and which words of those changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from replay.tui.view.page import LONG, Blank, Column, Made, Stretch

Grain = Literal["word", "character", "line"]
GRAINS: tuple[Grain, ...] = ("word", "character", "line")

MOST = 2_000
"""Lines, after equal ends, beyond which two texts are said to differ as a whole."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Paired:
    """One or two columns, equally long, and the lines at which differences begin."""

    columns: tuple[Column, ...]
    hunks: tuple[int, ...]


def paired(before: Sequence[str], after: Sequence[str], grain: Grain) -> Paired:
    """The lines ``before`` beside the lines ``after``."""
    left: list[Stretch | Made | Blank] = []
    right: list[Stretch | Made | Blank] = []
    hunks: list[int] = []
    at = 0
    for block in _blocks(before, after):
        old, new = block.sides(before, after, grain)
        longer = max(len(old), len(new))
        left += [old, Blank(longer - len(old))]
        right += [new, Blank(longer - len(new))]
        hunks += [] if block.equal else [at]
        at += longer
    return Paired((Column(left), Column(right)), tuple(hunks))


def unified(before: Sequence[str], after: Sequence[str], grain: Grain) -> Paired:
    """One column: of each difference first the old lines, then the new."""
    parts: list[Stretch | Made | Blank] = []
    hunks: list[int] = []
    at = 0
    for block in _blocks(before, after):
        old, new = block.sides(before, after, grain)
        parts += [new] if block.equal else [old, new]
        hunks += [] if block.equal else [at]
        at += len(new) + (0 if block.equal else len(old))
    return Paired((Column(parts),), tuple(hunks))


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines ``i1`` to ``i2`` of one text stand for ``j1`` to ``j2`` of the other."""

    equal: bool
    i1: int
    i2: int
    j1: int
    j2: int

    def sides(self, before: Sequence[str], after: Sequence[str], grain: Grain) -> tuple[Stretch | Made, Stretch | Made]:
        """The lines of both; which words of them changed is worked out where there are few."""
        sign = ("", "") if self.equal else ("-", "+")
        old = Stretch(before, self.i1, self.i2, sign[0] or " ")
        new = Stretch(after, self.j1, self.j2, sign[1] or " ")
        if self.equal or max(len(old), len(new)) > MOST:
            return old, new
        return _marked(old, new, grain)


def _marked(old: Stretch, new: Stretch, grain: Grain) -> tuple[Made, Made]:
    gone = [old.line(at) for at in range(len(old))]
    came = [new.line(at) for at in range(len(new))]
    for at, (one, other) in enumerate(zip(gone, came, strict=False)):
        lost, won = marks(one.text, other.text, grain)
        gone[at], came[at] = replace(one, marks=lost), replace(other, marks=won)
    return Made(tuple(gone)), Made(tuple(came))


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[_Block]:
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    end = next((at for at in range(shorter - start) if before[-1 - at] != after[-1 - at]), shorter - start)
    if start:
        yield _Block(True, 0, start, 0, start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > MOST:
        yield _Block(False, start, start + len(old), start, start + len(new))
    elif old or new:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield _Block(tag == "equal", start + i1, start + i2, start + j1, start + j2)
    if end:
        yield _Block(True, len(before) - end, len(before), len(after) - end, len(after))


_Marks = tuple[tuple[int, int], ...]


def marks(before: str, after: str, grain: Grain) -> tuple[_Marks, _Marks]:
    """Which characters of two lines changed; none when the whole line is to be shown as changed."""
    if grain == "line" or max(len(before), len(after)) > LONG:
        return (), ()
    old, new = (_WORDS.findall(text) if grain == "word" else list(text) for text in (before, after))
    gone: list[tuple[int, int]] = []
    came: list[tuple[int, int]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            gone.append(_extent(old, i1, i2))
            came.append(_extent(new, j1, j2))
    return tuple(each for each in gone if each[0] < each[1]), tuple(each for each in came if each[0] < each[1])


def _extent(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    begin = sum(map(len, words[:start]))
    return begin, begin + sum(map(len, words[start:end]))
