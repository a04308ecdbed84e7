"""Where what a request holds came from: earlier steps whose answers brought, or no longer brought, the same words.

Text flows through an agent in pieces: a tool's result becomes a message, a model's words become arguments. So the words
that are new in a request are looked for among the words that are new in earlier answers, and those that are gone among
the gone. A word that both runs have says nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any

import orjson

from replay.diff.answers import answer_document
from replay.diff.fields import Change
from replay.diff.model import Row
from replay.diff.pair import RESPONSE

ENOUGH = 0.5
"""The share of the new and gone words that one earlier answer must account for."""

CARRIED = ("content", "parts", "choices", "tool_calls", "value", "body", "error")
"""What of an answer a program passes on. Its model, status and finish reason it does not."""

OWN = ("model", "method", "tools", "stream", "max_tokens", "temperature")
"""What of a request to a model is the program's own, whatever words are in it."""

MAX_TEXT = 20_000
MAX_ROWS_OF_WORD = 200

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Words:
    """What a change brought and took away."""

    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.new) + len(self.gone)

    def shared(self, other: Words) -> int:
        return len(self.new & other.new) + len(self.gone & other.gone)


@dataclass(frozen=True, slots=True)
class Source:
    """The field at ``path`` of row ``row`` brought what the field ``into`` took over."""

    row: Row
    path: str
    into: str


class Flow:
    """The answers of all rows that differ, by the words that they brought."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row.number: row for row in rows if row.differs}
        self._given = {number: list(given(row)) for number, row in self._rows.items()}
        self._holding: tuple[dict[str, list[int]], dict[str, list[int]]] = (defaultdict(list), defaultdict(list))
        for number, pieces in self._given.items():
            for n, side in enumerate(("new", "gone")):
                for word in {word for _, words in pieces for word in getattr(words, side)}:
                    self._holding[n][word].append(number)

    def source(self, row: Row) -> Source | None:
        """The earlier row from which the first explained change of ``row``'s request came."""
        for change in taken(row):
            words = words_of(change)
            found = self._brought(row, change, words) if words else None
            if found is not None:
                return found
        return None

    def _brought(self, row: Row, change: Change, words: Words) -> Source | None:
        votes: Counter[int] = Counter()
        for n, side in enumerate((words.new, words.gone)):
            for word in side:
                numbers = self._holding[n].get(word, ())
                votes.update([number for number in numbers[:MAX_ROWS_OF_WORD] if number < row.number])
        kind = _kind_of_source(change)
        best = max(votes, key=lambda at: (votes[at], self._rows[at].step.kind == kind, at), default=0)
        if not best or votes[best] < ENOUGH * len(words):
            return None
        paths = [path for path, brought in self._given[best] if brought.shared(words)]
        return Source(self._rows[best], _common(paths), change.path)


def given(row: Row) -> Iterator[tuple[str, Words]]:
    """The fields of a row's answer that brought or took something, and what."""
    if row.a is not None and row.b is not None:
        for change in row.changes:
            root, _, field = change.path.partition(".")
            if root == RESPONSE and _top(field) in CARRIED:
                yield change.path, words_of(change)
        return
    document = answer_document(row.step)
    for key in CARRIED:
        words = _words(document.get(key))
        yield f"{RESPONSE}.{key}", Words(new=words) if row.b else Words(gone=words)


def taken(row: Row) -> Iterator[Change]:
    """What a row's request has that is new or gone. Of a call to a model that one run made: its last messages."""
    if row.a is not None and row.b is not None:
        for change in row.changes:
            root, _, field = change.path.partition(".")
            if root != RESPONSE and not (row.step.kind == "llm" and _top(field) in (*OWN, "url")):
                yield change
        return
    step = row.step
    if step.request is None:
        asked: list[tuple[str, Any]] = [("arguments", step.arguments)]
    else:
        latest = list(enumerate(step.request.messages))[-4:]
        asked = [(f"request.{message.path or f'messages[{at}]'}", message.text) for at, message in reversed(latest)]
    for path, text in asked:
        yield Change(path, "added", None, text) if row.b else Change(path, "removed", text, None)


def _common(paths: Sequence[str]) -> str:
    """The one path, or what several lie in."""
    parts = zip(*(path.split(".") for path in paths), strict=False)
    return ".".join([each[0] for each in takewhile(lambda each: len(set(each)) == 1, parts)])


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def words_of(change: Change) -> Words:
    """The words that a change brought, and those it took away."""
    old, new = _words(change.before), _words(change.after)
    return Words(new - old, old - new)


def _words(value: Any) -> frozenset[str]:
    if value is None or value == "":
        return frozenset()
    text = value if isinstance(value, str) else _written(value)
    return _of_text(text[:MAX_TEXT])


@lru_cache(maxsize=256)
def _of_text(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _written(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return str(value)


def _kind_of_source(change: Change) -> str:
    """The kind of step that such a field mostly repeats: arguments and a model's earlier words come from a model."""
    message = next((each for each in (change.after, change.before) if isinstance(each, dict)), {})
    from_model = message.get("role") in ("assistant", "model") or ".tool_calls" in change.path
    return "llm" if from_model or change.path.startswith("arguments") else "tool"
