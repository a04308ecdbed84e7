"""What the terminal says at the end: how many cassettes matched, and what to do about the others."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from replay.regression.names import SUFFIX, shown
from replay.regression.verdict import Outcome, Word

MOST = 10
"""Lines of one kind."""

_TOLD: tuple[Word, ...] = (
    "matched", "departed", "diverged", "different", "refused", "missing", "stopped", "recorded", "updated", "silent",
)  # fmt: skip
_SAID: dict[Word, str] = {"missing": "without cassette", "silent": "made no call", "stopped": "stopped early"}


def line(outcomes: Sequence[Outcome], unused: Sequence[Path]) -> str:
    """``replay: 41 matched, 1 diverged, 2 recorded, 1 unused``; empty when there is nothing to say."""
    count = Counter(outcome.word for outcome in outcomes)
    words = [f"{count[word]} {_SAID.get(word, word)}" for word in _TOLD if count[word]]
    words += [f"{len(unused)} unused"] if unused else []
    return f"replay: {', '.join(words)}" if words else ""


def details(outcomes: Sequence[Outcome], unused: Sequence[Path], project: Path) -> Iterator[str]:
    """What was tolerated, and which cassettes nothing asks for, with the command that removes them."""
    tolerated = [f" ≈ {outcome.node}: {'; '.join(outcome.told)}" for outcome in outcomes if outcome.told]
    yield from tolerated[:MOST]
    if len(tolerated) > MOST:
        yield f"   and {len(tolerated) - MOST} more"
    if unused:
        yield f" unused: rm {' '.join(shlex.quote(shown(path, project)) for path in unused[:MOST])}"


def unused_cassettes(folders: Iterable[Path], used: Iterable[Path]) -> list[Path]:
    """The cassettes in ``folders`` that no test names."""
    known = set(used)
    return sorted(path for folder in set(folders) for path in folder.glob(f"*{SUFFIX}") if path not in known)
