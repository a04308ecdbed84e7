"""Where a text comes from: the first step in which it appears, and every copy after that.

A copy may be exact, escaped as JSON does it (once, or twice where JSON lies within JSON), or the same words in another
case and with other whitespace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from replay.dialects.steps import Step
from replay.errors import UsageError
from replay.tui.view.texts import texts

BEFORE, AFTER = 14, 40
"""Characters shown on the two sides of what was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """``step``; ``side``: ``request`` or ``response``; ``path``: the field; ``how``: ``exact``, ``escaped``,
    ``escaped twice`` or ``other case or spaces``; ``shown``: the words around it."""

    step: Step
    side: str
    path: str
    how: str
    shown: str


def appearances(steps: Iterable[Step], wanted: str) -> Iterator[Found]:
    """Every field that holds ``wanted``, in the order of the run. Raises :class:`UsageError` when it is blank."""
    if not wanted.strip():
        raise UsageError("there is no text to look for", hint="replay why run.cassette 'order 7'")
    rules = _rules(wanted)
    for step in steps:
        for text in texts(step):
            found = next(((how, at) for how, find in rules if (at := find(text.text)) is not None), None)
            if found:
                how, (start, end) = found
                yield Found(step, text.side, text.path, how, _shown(text.text, start, end))


_Find = Callable[[str], tuple[int, int] | None]


def _rules(wanted: str) -> list[tuple[str, _Find]]:
    once = json.dumps(wanted, ensure_ascii=False)[1:-1]
    ascii_once = json.dumps(wanted)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    rules = [("exact", _literal(wanted))]
    for how, form in (("escaped", once), ("escaped", ascii_once), ("escaped twice", twice)):
        if form != wanted:
            rules.append((how, _literal(form)))
    words = r"\s+".join(re.escape(word) for word in wanted.split())
    pattern = re.compile(words, re.IGNORECASE)
    return [*rules, ("other case or spaces", lambda text: _span(pattern.search(text)))]


def _literal(form: str) -> _Find:
    def find(text: str) -> tuple[int, int] | None:
        at = text.find(form)
        return (at, at + len(form)) if at >= 0 else None

    return find


def _span(match: re.Match[str] | None) -> tuple[int, int] | None:
    return match.span() if match else None


def _shown(text: str, start: int, end: int) -> str:
    before = ("…" if start > BEFORE else "") + text[max(0, start - BEFORE) : start]
    after = text[end : end + AFTER] + ("…" if end + AFTER < len(text) else "")
    return f"{before}{text[start:end][: 4 * AFTER]}{after}"
