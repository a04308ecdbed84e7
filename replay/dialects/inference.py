"""Tools that nobody wrapped, inferred from the traffic.

A model's answer asks for a call, and a later request carries its result: between the two, a tool ran. Requests repeat
their whole history, so each call is accounted for once: by a recorded tool event of that name between the two, or by
one inferred step. Ids are not trusted to be unique: small servers number calls anew in each answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from replay.dialects.model import ToolCall, ToolResult
from replay.dialects.reading import LlmReading, Reading
from replay.events import Event

_LOOK_BACK = 64
"""How many unanswered calls of one id or name are tried; structured output leaves calls that nobody ever answers."""


@dataclass(frozen=True, slots=True)
class Made:
    """A tool call, the ``number``-th, in the answer of the event at place ``at`` of the run."""

    at: int
    number: int
    event: Event
    call: ToolCall

    @property
    def key(self) -> tuple[int, int]:
        return self.at, self.number


@dataclass(frozen=True, slots=True)
class Inferred:
    """A tool step: it belongs before place ``before``; the request at place ``asked`` carries its result."""

    before: int
    asked: int
    made: Made
    result: ToolResult


def inferred(events: Sequence[Event], readings: Sequence[Reading]) -> list[Inferred]:
    """The tool steps that the traffic shows and no event does, in the order of the requests that carry them."""
    ledger = _Ledger(readings)
    found: list[Inferred] = []
    for at, (event, reading) in enumerate(zip(events, readings, strict=True)):
        if event.request.kind == "tool":
            ledger.tools[_plain(event.request.target)].append(at)
        elif isinstance(reading, LlmReading):
            answered = list(ledger.answered(at, reading))
            found += [Inferred(_place(events, made, at), at, made, result) for made, result in reversed(answered)]
    return found


@dataclass(slots=True)
class _Ledger:
    """Calls made and not yet answered, and tool events that account for none yet."""

    readings: Sequence[Reading]
    read_to: int = 0
    by_id: dict[str, list[Made]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[Made]] = field(default_factory=lambda: defaultdict(list))
    taken: set[tuple[int, int]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    tools: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def answered(self, at: int, reading: LlmReading) -> Iterator[tuple[Made, ToolResult]]:
        """The unwrapped calls whose results the request at ``at`` is the first to carry, latest first.

        Without an id only results newer than the model's last words can be told from the history's.
        """
        for result in reading.dialect.tool_results(reading.event.request):
            if not result.id and not result.recent:
                return
            self._read_answers(at)
            made = self._take(result, reading.event.lineage)
            if made is None and result.id in self.seen:
                return
            self.seen.add(result.id)
            if made and not self._wrapped(made, at):
                yield made, result

    def _read_answers(self, until: int) -> None:
        """Note the calls of all answers before ``until``: only now, since most runs need few of them."""
        for at in range(self.read_to, until):
            reading = self.readings[at]
            if isinstance(reading, LlmReading):
                for number, call in enumerate(reading.calls):
                    made = Made(at, number, reading.event, call)
                    self.by_id[call.id].append(made)
                    self.by_name[call.name].append(made)
        self.read_to = max(self.read_to, until)

    def _take(self, result: ToolResult, lineage: str) -> Made | None:
        """The latest open call that ``result`` answers, one made by the same task if there is one."""
        made_calls = self.by_id.get(result.id, []) if result.id else self.by_name.get(result.name, [])
        while made_calls and made_calls[-1].key in self.taken:
            made_calls.pop()
        open_calls = [made for made in reversed(made_calls[-_LOOK_BACK:]) if made.key not in self.taken]
        same_task = [made for made in open_calls if made.event.lineage == lineage]
        chosen = next(iter(same_task or open_calls), None)
        if chosen:
            self.taken.add(chosen.key)
        return chosen

    def _wrapped(self, made: Made, asked: int) -> bool:
        """Whether a tool event between the two accounts for the call; it then accounts for no other."""
        places = self.tools.get(_plain(made.call.name), [])
        first = bisect_right(places, made.at)
        if first == len(places) or places[first] >= asked:
            return False
        del places[first]
        return True


def _plain(name: str) -> str:
    """A tool's name without what frameworks put before it (``functions.lookup``)."""
    return name.rpartition(".")[2]


def _place(events: Sequence[Event], made: Made, asked: int) -> int:
    """Where the tool began: before the first event issued after the answer that asked for it came to its end."""
    answer = made.event.answer
    ended = answer.end_at if answer else 0
    return next((at for at in range(made.at + 1, asked) if events[at].at > ended), asked)
