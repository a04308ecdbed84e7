"""The steps of a run: what a person steps through. Derived from the events, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from replay.dialects.inference import Inferred, inferred
from replay.dialects.model import LlmAnswer, LlmRequest, Usage
from replay.dialects.reading import InferredReading, Reading, StepKind, read
from replay.events import Answer, Event

Status = Literal["ok", "error", "closed", "pending"]
"""``closed``: the program stopped reading the answer. ``pending``: the run ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. What costs parsing is read when asked, and kept.

    * ``number``: from 1, in the order in which things were issued. ``parent``: number of the span or tool around it.
    * ``source``: the event, None for a step that was ``inferred`` from the traffic (a tool that nobody wrapped).
    * ``at``: ns since the start of the run. ``duration``: ns, None while pending; of an inferred tool, at most this.
    * ``reading``: where the properties below come from.
    """

    number: int
    kind: StepKind
    source: Event | None
    depth: int
    parent: int | None
    lineage: str
    at: int
    duration: int | None
    reading: Reading

    @property
    def inferred(self) -> bool:
        return self.source is None

    @property
    def event(self) -> int | None:
        """The event's id."""
        return self.source.id if self.source else None

    @property
    def name(self) -> str:
        """An LLM call: the tools it asks for, or ``answer``. Else the tool, program, span, or ``GET host/path``."""
        return self.reading.name

    @property
    def status(self) -> Status:
        end = self.source.answer.end if self.source and self.source.answer else None
        if self.reading.error:
            return "error"
        if self.source and end is None:
            return "pending"
        return "closed" if end and end.ending == "closed" else "ok"

    @property
    def error(self) -> str:
        """What failed, or empty."""
        return self.reading.error

    @property
    def model(self) -> str:
        """The model that an LLM call asked for."""
        return self.reading.model

    @property
    def usage(self) -> Usage | None:
        return self.reading.usage

    @property
    def request(self) -> LlmRequest | None:
        """Of an LLM call."""
        return self.reading.request

    @property
    def answer(self) -> LlmAnswer | None:
        """Of an LLM call, as far as it came."""
        return self.reading.answer

    @property
    def arguments(self) -> str:
        """What a tool or subprocess was called with, as JSON text; the body of a plain HTTP request."""
        return self.reading.arguments

    @property
    def value(self) -> str | None:
        """What came back, as text: a tool's JSON value, an LLM's words, a body. None when nothing did."""
        return self.reading.value


def steps(events: Iterable[Event]) -> list[Step]:
    """The steps of ``events``, which come in order of issue. Never raises on odd bodies."""
    run = list(events)
    kinds_and_readings = [read(event) for event in run]
    unwrapped = _by_place(inferred(run, [reading for _, reading in kinds_and_readings]))
    found: list[Step] = []
    within: dict[int, Step] = {}
    for at, (event, (kind, reading)) in enumerate(zip(run, kinds_and_readings, strict=True)):
        found += [_inferred_step(each, len(found) + 1 + n, run, within) for n, each in enumerate(unwrapped[at])]
        step = _step(event, kind, reading, len(found) + 1, within)
        found.append(step)
        within[event.id] = step
    return found


def _by_place(found: list[Inferred]) -> dict[int, list[Inferred]]:
    places: dict[int, list[Inferred]] = defaultdict(list)
    for each in found:
        places[each.before].append(each)
    return places


def _step(event: Event, kind: StepKind, reading: Reading, number: int, within: dict[int, Step]) -> Step:
    depth, parent = _nesting(event.parent, within)
    return Step(number, kind, event, depth, parent, event.lineage, event.at, _duration(event), reading)


def _inferred_step(each: Inferred, number: int, run: list[Event], within: dict[int, Step]) -> Step:
    asked, asking = each.made.event, run[each.asked]
    depth, parent = _nesting(asking.parent, within)
    began = max(asked.at, asked.answer.end_at if asked.answer else 0)
    took = max(0, asking.at - began)
    reading = InferredReading(None, each.made.call, each.result)
    return Step(number, "tool", None, depth, parent, asking.lineage, began, took, reading)


def _nesting(parent: int | None, within: dict[int, Step]) -> tuple[int, int | None]:
    """Depth, and the number of the step around; a parent that has not come yet is none."""
    around = within.get(parent) if parent is not None else None
    return (around.depth + 1, around.number) if around else (0, None)


def _duration(event: Event) -> int | None:
    answer: Answer | None = event.answer
    return max(0, answer.end_at - event.at) if answer and answer.end else None
