"""What a steered replay will come to, judged by the cassette before anything runs.

A step that a swap changes runs live, and so does each later LLM call whose history holds the answer of such a step.
Tools are taken to be asked for as they were recorded. So it is an estimate: the model may go another way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from replay.cassette import Reader
from replay.dialects.model import Message, Usage
from replay.dialects.price import SENT_TO
from replay.dialects.steps import Step
from replay.dialects.table import find
from replay.engine.swaps.applying import apply
from replay.engine.swaps.budget import cost_of, expected
from replay.engine.swaps.concerning import check, concerns, place_of
from replay.engine.swaps.draft import Outcome
from replay.engine.swaps.grammar import parse
from replay.engine.swaps.steering import Steering
from replay.engine.swaps.swap import Swap
from replay.events import Event, Request


@dataclass(slots=True)
class Forecast:
    """Numbers of steps by how they will be answered; ``usage`` and ``cost`` (USD, None: not known) of the live ones.

    ``first``: the number of the first step that a swap changes.
    """

    served: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    swapped: list[int] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0

    @property
    def first(self) -> int | None:
        return min([*self.live, *self.swapped], default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "served": self.served,
            "live": self.live,
            "swapped": self.swapped,
            "first": self.first,
            "input_tokens": self.usage.input,
            "output_tokens": self.usage.output,
            "cost": self.cost,
        }


def forecast_of(path: str | os.PathLike[str], swaps: Sequence[Swap | str]) -> Forecast:
    """What playing the cassette at ``path`` with ``swaps`` would come to; nothing runs.

    Raises :class:`UsageError` for a swap that is none, or matches nothing, and :class:`CassetteError` for the file.
    """
    given = tuple([parse(swap) if isinstance(swap, str) else swap for swap in swaps])
    steering = Steering(Reader(os.fspath(path)), given)
    check(given, steering.steps)
    return forecast(steering)


def forecast(steering: Steering) -> Forecast:
    """What to expect. Raises :class:`UsageError` for a swap that cannot be made."""
    found, cone = Forecast(), _Cone()
    by_number = {step.number: step for step in steering.steps}
    for step in _made_again(steering):
        event = step.source
        assert event is not None
        how, request = _answered(steering, step, event, by_number)
        if how == "served" and cone.holds(step):
            how = "live"
        getattr(found, how).append(step.number)
        if how != "served":
            cone.add(step)
        if how == "live":
            _add_cost(found, request, event)
    return found


def _made_again(steering: Steering) -> Iterator[Step]:
    """The steps that the program makes itself in a replay: not spans, nor what is in the body of a served tool."""
    for step in steering.steps:
        event = step.source
        if event is None or step.kind == "span":
            continue
        if not any(part.startswith("c") for part in event.lineage.split("/")[1:]) or _is_reopened(event, steering):
            yield step


def _is_reopened(event: Event, steering: Steering) -> bool:
    return any(event.lineage.startswith(body) and id in steering.reopened for body, id in steering.bodies.items())


def _answered(steering: Steering, step: Step, event: Event, by_number: dict[int, Step]) -> tuple[str, Request]:
    place = place_of(step, by_number)
    given = [(at, entry.swap) for at, entry in enumerate(steering.entries) if entry.is_given and entry.swap]
    if event.request.kind == "tool":
        if event.id in steering.reopened or any(concerns(swap, event.request, lambda: place) for _, swap in given):
            return "swapped", event.request
        return "served", event.request
    outcome = apply(given, event.request, lambda _: place, event.answer)
    if outcome is None or _is_the_same(outcome, event.request):
        return "served", event.request
    fields = ((SENT_TO, outcome.sent_to),) if outcome.sent_to else ()  # whose price it is
    request = replace(outcome.request, headers=(*outcome.request.headers, *fields))
    return ("live" if outcome.is_live else "swapped"), request


def _is_the_same(outcome: Outcome, request: Request) -> bool:
    return outcome.is_live and not outcome.sent_to and outcome.request == request


def _add_cost(found: Forecast, request: Request, event: Event) -> None:
    dialect = find(request)
    if dialect is None:
        return
    usage = expected(request, dialect, event)
    found.usage += usage
    cost = cost_of(request, usage)
    found.cost = None if cost is None or found.cost is None else found.cost + cost


class _Cone:
    """What later requests would hold of answers that will be others."""

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.words: set[str] = set()
        self.results: set[bytes] = set()

    def add(self, step: Step) -> None:
        if step.answer is not None:
            self.calls.update(call.id for call in step.answer.tool_calls if call.id)
            self.words.update([step.answer.text] if step.answer.text else [])
        elif step.value is not None:
            self.results.add(_normal(step.value))

    def holds(self, step: Step) -> bool:
        """Whether the request of ``step`` carries any of it."""
        return step.request is not None and any(self._has(message) for message in step.request.messages)

    def _has(self, message: Message) -> bool:
        if message.role == "tool":
            return message.tool_call_id in self.calls or _normal(message.text) in self.results
        called = any(call.id in self.calls for call in message.tool_calls)
        return called or (message.role == "assistant" and message.text in self.words)


def _normal(text: str) -> bytes:
    """JSON by its meaning: the program may have printed it in its own manner."""
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return text.encode("utf-8", "surrogatepass")
