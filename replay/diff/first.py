"""The first thing in which two runs differ, of all that :func:`replay.cassette.hash.event_hash` covers but spans.

A span is a name that the program gives a stretch of itself: one more or less, and the run is what it was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from typing import Any

import orjson

from replay.cassette.hash import Moment, moments
from replay.dialects.body import decoded
from replay.dialects.cassette import Cassette
from replay.diff.explain import described
from replay.diff.fields import Change, differing, differing_values
from replay.events import Answer, Event

MAX_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """``step``: its number in the recording, or in the other run when only that has it; 0 for the run's output.

    ``lineage``: the task that did it. ``said``: what is different, in words. ``where``: the source line that made the
    request, as file:line, or empty. ``changes``: the two values, field by field, at most 20 fields.
    """

    step: int
    lineage: str
    said: str
    where: str = ""
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def first_difference(recorded: Cassette, replayed: Cassette) -> Difference | None:
    """Where ``replayed`` first differs from ``recorded``; None when nothing does."""
    old, new = _crossings(recorded), _crossings(replayed)
    for before, after in zip_longest(moments(old), moments(new)):
        if _untimed(before) != _untimed(after):
            return _Pair((recorded, replayed), old, new).difference(before, after)
    changes = differing_values(_outputs(recorded), _outputs(replayed), "output")
    return Difference(0, "0", "the run's output is another", changes=changes[:MAX_CHANGES]) if changes else None


def in_order(recorded: Cassette, replayed: Cassette) -> bool:
    """Whether everything came in ``replayed`` as it did in ``recorded``, as far as it has come: it may still go on."""
    pairs = zip(moments(_crossings(recorded)), moments(_crossings(replayed)), strict=False)
    return all(_untimed(before) == _untimed(after) for before, after in pairs)


def _crossings(cassette: Cassette) -> list[Event]:
    """The events but spans, numbered within their lineage as if there had been none."""
    counts: Counter[str] = Counter()
    kept = []
    for event in sorted(cassette.events, key=lambda event: (event.lineage, event.number)):
        if event.request.kind != "span":
            kept.append(replace(event, number=counts[event.lineage]))
            counts[event.lineage] += 1
    return kept


def _untimed(moment: Moment | None) -> tuple[Any, ...] | None:
    return (moment[0], *moment[2:]) if moment else None


def _outputs(cassette: Cassette) -> list[Any]:
    return [note.data for note in cassette.notes if note.kind == "output"]


class _Pair:
    """Two runs, and their crossings by address."""

    def __init__(self, cassettes: tuple[Cassette, Cassette], old: list[Event], new: list[Event]) -> None:
        self.cassettes = cassettes
        self.old, self.new = ({(event.lineage, event.number): event for event in events} for events in (old, new))

    def difference(self, before: Moment | None, after: Moment | None) -> Difference:
        """What it means that ``after`` came where ``before`` was recorded; None: nothing came, or was recorded."""
        old, new = (run.get(_address(before)) if before else None for run in (self.old, self.new))
        if old is None or new is None:
            return self._misplaced(before, after)
        found = Difference(self._step(0, old), old.lineage, "", new.where or old.where)
        if old.fingerprint != new.fingerprint:
            changes = differing(old.request, new.request)[:MAX_CHANGES]
            return replace(found, said=f"{described(old.request)} is asked otherwise", changes=changes)
        changes = differing_values(_shown(old.answer), _shown(new.answer), "response")[:MAX_CHANGES]
        if changes:
            return replace(found, said=f"{described(old.request)} got another answer", changes=changes)
        if before and after and _address(before) == _address(after):
            return replace(found, said=f"{described(old.request)} got its answer in other pieces")
        return self._misplaced(before, after)

    def _misplaced(self, before: Moment | None, after: Moment | None) -> Difference:
        if before is None or (after is not None and _address(after) not in self.old):
            assert after is not None
            event = self.new[_address(after)]
            said = f"{described(event.request)} was not recorded"
            return Difference(self._step(1, event), event.lineage, said, event.where)
        event = self.old[_address(before)]
        now = self.new.get(_address(before))
        where = now.where if now else event.where
        said = f"{described(event.request)} {'does not happen' if now is None else 'comes at another point'}"
        order = () if after is None else (Change("order", "changed", self._told(0, before), self._told(1, after)),)
        return Difference(self._step(0, event), event.lineage, said, where, order)

    def _told(self, run: int, moment: Moment) -> str:
        """``issue of step 3 by task 0/a1``."""
        event = (self.old, self.new)[run][_address(moment)]
        return f"{moment[5]} of step {self._step(run, event)} by task {event.lineage}"

    def _step(self, run: int, event: Event) -> int:
        """The number of the step in its own run."""
        return next((step.number for step in self.cassettes[run].steps if step.event == event.id), 0)


def _address(moment: Moment) -> tuple[str, int]:
    return moment[2], moment[3]


def _shown(answer: Answer | None) -> dict[str, Any]:
    """An answer as data that can be compared field by field."""
    if answer is None:
        return {}
    head, end = answer.head, answer.end
    return {
        "status": head.status if head else None,
        "reason": head.reason if head else None,
        "headers": [list(pair) for pair in head.headers] if head else [],
        "body": _document(answer.body, head.header("content-encoding") if head else None),
        "ending": end.ending if end else None,
        "failure": f"{end.failure.name}: {end.failure.message}" if end and end.failure else None,
    }


def _document(body: bytes, encoding: str | None) -> Any:
    data = decoded(body, encoding).data
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "replace")
