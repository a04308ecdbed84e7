"""Two texts compared word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

MAX_WORDS = 5000
"""Words of a text beyond which the differing stretch is shown as a whole."""

SHORTEST = 3
"""Characters below which a word that is equal between two that are not is no landmark."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both, only in the text before, or only in the one after."""

    how: Literal["equal", "removed", "added"]
    text: str


def word_pieces(before: str, after: str) -> list[Piece]:
    """``before`` and ``after`` as pieces: without the added ones they are ``before``, without the removed ``after``."""
    start, end = _equal_ends(before, after)
    old, new = (_WORD.findall(text[start : len(text) - end]) for text in (before, after))
    middle = _aligned(old, new) if max(len(old), len(new)) <= MAX_WORDS else _whole(old, new)
    head, tail = before[:start], before[len(before) - end :] if end else ""
    return [piece for piece in (Piece("equal", head), *middle, Piece("equal", tail)) if piece.text]


def _aligned(old: list[str], new: list[str]) -> Iterator[Piece]:
    """Between two equal stretches lie one removed piece and one added; a stretch of next to nothing is none."""
    gone: list[str] = []
    came: list[str] = []
    for part in Indel.opcodes(old, new):
        words = "".join(old[part.src_start : part.src_end])
        if part.tag == "equal" and (len(words.strip()) >= SHORTEST or not (gone or came)):
            yield from _whole(gone, came)
            yield Piece("equal", words)
            gone, came = [], []
        else:
            gone.append(words)
            came += new[part.dest_start : part.dest_end]
    yield from _whole(gone, came)


def _whole(old: list[str], new: list[str]) -> Iterator[Piece]:
    yield Piece("removed", "".join(old))
    yield Piece("added", "".join(new))


def _equal_ends(before: str, after: str) -> tuple[int, int]:
    """Characters of the equal beginning and end, cut back to whole words."""
    start = equal_start(before, after)
    while start and start < max(len(before), len(after)) and before[start - 1].isalnum():
        start -= 1
    end = equal_start(before[start:][::-1], after[start:][::-1])
    while end and before[len(before) - end].isalnum():
        end -= 1
    return start, end


def equal_start(a: str, b: str) -> int:
    """How many characters two texts have in common at their beginning; in few steps, also for megabytes."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
