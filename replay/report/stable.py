"""A run as text that two equal recordings share: for ``git diff``, which shows what changed between them.

Left out is what differs from run to run and means nothing: times and durations, the run's id, hash seed, order between
tasks, chunks, line numbers; uuids, times and ids within texts are numbered step by step. Steps are sorted by the task
that made them, and a request that goes on where the one before it ended shows only what is new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from replay.canon.volatile import Numbering
from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step, steps
from replay.errors import CassetteError
from replay.events import Event
from replay.report.steps import details

AS_BEFORE = "(begins as the request before it)"
SHORT = 3
"""So many equal lines are not worth leaving out."""

MAX_TEXT = 1 << 20
NOTED = ("output", "gap", "unwatched")
_NUMBERS = re.compile(r"(\d+)")


def stable(cassette: Cassette) -> Iterator[str]:
    """The lines. What cannot be read has one that says so."""
    entry = cassette.header.entry
    command = " ".join(entry.argv) or entry.node or entry.function
    yield f"run: {command}"
    yield from (f"tag: {name}={value}" for name, value in sorted(cassette.header.tags.items()))
    yield from (f"swap: {swap}" for swap in cassette.header.swaps)
    events, lost = _readable(cassette)
    before: dict[str, list[str]] = {}
    for step in sorted(steps(events), key=_address):
        yield ""
        yield from _step(step, before)
    yield ""
    yield from (f"lost: {said}" for said in lost)
    yield from _notes(cassette)
    if cassette.cut:
        yield f"cut: {cassette.cut}"


def _readable(cassette: Cassette) -> tuple[list[Event], list[str]]:
    """All events that can be read, and what is wrong with the others."""
    events, lost = [], []
    for place in range(len(cassette.events)):
        try:
            events.append(cassette.events[place])
        except CassetteError as error:
            lost.append(error.message)
    return events, lost


def _address(step: Step) -> tuple[list[tuple[int, str]], int]:
    """Tasks in the order of their numbers (``a2`` before ``a10``); within one, in order of issue."""
    parts = _NUMBERS.split(step.lineage)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts], step.number


def _step(step: Step, before: dict[str, list[str]]) -> Iterator[str]:
    numbering = Numbering()
    request = _lines(details(step, "request"), numbering)
    known = before.get(step.lineage, [])
    before[step.lineage] = request
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(known, request, strict=False)))
    model = f" {step.model}" if step.model else ""
    yield f"== {step.lineage} {step.kind}{model} {_stable(step.name, numbering)} =="
    yield from [AS_BEFORE, *request[same:]] if same > SHORT else request
    yield f"-- {step.status} --"
    yield from _lines(details(step, "response"), numbering)


def _lines(texts: Iterable[str], numbering: Numbering) -> list[str]:
    text = "\n".join(texts)
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n(and {len(text) - MAX_TEXT} characters more)"
    return _stable(text, numbering).split("\n")


def _stable(text: str, numbering: Numbering) -> str:
    return numbering.replace(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _notes(cassette: Cassette) -> Iterator[str]:
    try:
        notes = cassette.notes
    except CassetteError as error:
        yield f"lost: {error.message}"
        return
    for note in notes:
        if note.kind in NOTED:
            said = note.data if isinstance(note.data, str) else json.dumps(note.data, indent=2, ensure_ascii=False)
            yield from _lines([f"{note.kind}: {said}"], Numbering())
