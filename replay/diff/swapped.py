"""Which of a fork's swaps made a row what it is: a fork notes them for each event (:mod:`replay.cassette.forks`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from replay.cassette.forks import swapped_events
from replay.dialects.cassette import Cassette
from replay.diff.fields import Change
from replay.diff.model import Row
from replay.engine.swaps.grammar import parse_stored
from replay.engine.swaps.swap import Swap

_MESSAGES = ("messages", "system", "instructions", "input", "contents", "systemInstruction", "system_instruction")

_FIELDS: dict[str, tuple[str, ...]] = {
    "model": (*_MESSAGES, "model", "url", "method", "stream", "tools"),
    "prompt": _MESSAGES,
    "insert": _MESSAGES,
    "drop": _MESSAGES,
    "tooldef": ("tools",),
}
"""The fields of a request that a kind of swap changes. ``param``: the field that it names."""


class Swaps:
    """The swaps of b that a has not, by event of b."""

    def __init__(self, a: Cassette, b: Cassette) -> None:
        self._given = [None if text in a.header.swaps else parse_stored(text) for text in b.header.swaps]
        self._by_event = swapped_events(b.notes) if any(self._given) else {}

    def answering(self, row: Row) -> Swap | None:
        """The swap that gave this row another answer, or had the question asked anew."""
        return next(self._of(row), None)

    def asking(self, row: Row, changes: Sequence[Change]) -> Swap | None:
        """The swap that changed one of these fields of the row's request."""
        return next((swap for swap in self._of(row) if _changed(swap, changes)), None)

    def _of(self, row: Row) -> Iterator[Swap]:
        noted = self._by_event.get(row.b.event) if row.b and row.b.event is not None else None
        for at in noted.by if noted else ():
            swap = self._given[at] if at < len(self._given) else None
            if swap is not None:
                yield swap


def _changed(swap: Swap, changes: Sequence[Change]) -> bool:
    fields = (swap.name.partition(".")[0],) if swap.kind == "param" else _FIELDS.get(swap.kind, ())
    touched = {part for change in changes for part in change.path.replace("[", ".").split(".")[1:]}
    return bool(touched & {*fields})
