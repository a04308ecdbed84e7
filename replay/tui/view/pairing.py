"""Two texts line by line: which lines are equal, which stand for each other, and which words of those changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from replay.tui.view.page import FILLER, LONG, PageLine, numbered

Grain = Literal["word", "character", "line"]
GRAINS: tuple[Grain, ...] = ("word", "character", "line")

MOST = 2_000
"""Lines, after equal ends, beyond which two texts are said to differ as a whole."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two columns of the same length, and the indexes at which differences begin."""

    left: tuple[PageLine, ...]
    right: tuple[PageLine, ...]
    hunks: tuple[int, ...]

    @property
    def differ(self) -> bool:
        return bool(self.hunks)


@lru_cache(maxsize=64)
def paired(before: tuple[str, ...], after: tuple[str, ...], grain: Grain) -> Pairs:
    """The lines ``before`` beside the lines ``after``."""
    old, new = numbered(before), numbered(after)
    left: list[PageLine] = []
    right: list[PageLine] = []
    hunks: list[int] = []
    for equal, i1, i2, j1, j2 in _blocks(before, after):
        if equal:
            left += old[i1:i2]
            right += new[j1:j2]
            continue
        hunks.append(len(left))
        for one, other in _changed(old[i1:i2], new[j1:j2], grain):
            left.append(one)
            right.append(other)
    return Pairs(tuple(left), tuple(right), tuple(hunks))


def unified(pairs: Pairs) -> tuple[tuple[PageLine, ...], tuple[int, ...]]:
    """One column: of each difference first the old lines, then the new; and where differences begin."""
    lines: list[PageLine] = []
    hunks: list[int] = []
    edges = [*pairs.hunks, len(pairs.left)]
    lines += pairs.right[: edges[0]]
    for start, end in pairwise(edges):
        stop = next((at for at in range(start, end) if pairs.right[at].sign == " " == pairs.left[at].sign), end)
        hunks.append(len(lines))
        lines += [line for line in pairs.left[start:stop] if line is not FILLER]
        lines += [line for line in pairs.right[start:stop] if line is not FILLER]
        lines += pairs.right[stop:end]
    return tuple(lines), tuple(hunks)


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    end = next((at for at in range(shorter - start) if before[-1 - at] != after[-1 - at]), shorter - start)
    if start:
        yield True, 0, start, 0, start
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > MOST:
        yield False, start, start + len(old), start, start + len(new)
    elif old or new:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag == "equal", start + i1, start + i2, start + j1, start + j2
    if end:
        yield True, len(before) - end, len(before), len(after) - end, len(after)


def _changed(old: list[PageLine], new: list[PageLine], grain: Grain) -> Iterator[tuple[PageLine, PageLine]]:
    for at in range(max(len(old), len(new))):
        one = replace(old[at], sign="-") if at < len(old) else FILLER
        other = replace(new[at], sign="+") if at < len(new) else FILLER
        if one is not FILLER and other is not FILLER:
            gone, came = marks(one.text, other.text, grain)
            one, other = replace(one, marks=gone), replace(other, marks=came)
        yield one, other


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
