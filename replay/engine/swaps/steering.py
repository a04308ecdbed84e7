"""What steers a replay away from its recording: the swaps, those that a fork already had, and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from replay.canon.placeholders import MARK
from replay.cassette import Reader
from replay.cassette.forks import Swapped, swapped_events
from replay.dialects.steps import Step, steps
from replay.engine.swaps.applying import apply
from replay.engine.swaps.concerning import concerns, concerns_step
from replay.engine.swaps.draft import Draft, Outcome
from replay.engine.swaps.grammar import is_run, parse_stored
from replay.engine.swaps.selector import Place
from replay.engine.swaps.swap import Swap
from replay.errors import UsageError
from replay.events import Answer, Request

FindPlace = Callable[[Draft], Place]


@dataclass(frozen=True, slots=True)
class Entry:
    """One swap of a run. ``swap`` is None for one that the fork's header has and that makes no sense here.

    ``is_given``: by the user, now. Else it comes from a file, so it runs no function and asks no other host: what it
    did is served, and for more of it the user has to give it again.
    """

    text: str
    swap: Swap | None
    is_given: bool

    @property
    def is_trusted(self) -> bool:
        if self.is_given:
            return True
        swap = self.swap
        if swap is None or (swap.kind == "model" and "://" in swap.value) or swap.name.startswith("/"):
            return False  # a pattern from a file may take for ever
        if MARK in self.text.encode():  # a secret was in it, which the file does not hold
            return False
        return not (swap.kind in ("tool", "http") and is_run(swap.value))


class Steering:
    """``entries``: all swaps of this run in order, as its fork's header will have them, so without the secrets that
    ``redact`` takes out. ``swapped``: what the parent, if that is a fork, keeps of its swapped events."""

    def __init__(self, source: Reader, given: Sequence[Swap], redact: Callable[[str], str] = str) -> None:
        self.source = source
        self.entries = tuple(_entries(source.header.swaps, {redact(str(swap)): swap for swap in given}))
        self.swapped: dict[int, Swapped] = swapped_events(source.notes) if source.header.swaps else {}
        self.places_matter = any(
            entry.swap is not None and entry.swap.where.first is not None for entry in self.entries
        )

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple([entry.text for entry in self.entries])

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.source.events)

    @cached_property
    def numbers(self) -> dict[int, int]:
        """Event id -> step number."""
        return {step.event: step.number for step in self.steps if step.event is not None}

    @cached_property
    def reopened(self) -> dict[int, tuple[int, ...]]:
        """Id of a recorded tool call -> the given swaps that concern requests of its body, so that it must run."""
        given = [(at, entry.swap) for at, entry in enumerate(self.entries) if entry.is_given and entry.swap]
        by_number = {step.number: step for step in self.steps} if given else {}
        found: dict[int, set[int]] = {}
        for step in by_number.values():
            event = step.source
            if event is None:
                continue
            around = [self.bodies[body] for body in _bodies_around(event.lineage) if body in self.bodies]
            by = {at for at, swap in given if around and concerns_step(swap, step, event, by_number)}
            for tool in around if by else ():
                found.setdefault(tool, set()).update(by)
        return {tool: tuple(sorted(by)) for tool, by in found.items()}

    @cached_property
    def bodies(self) -> dict[str, int]:
        """The lineage of a tool's body -> the id of the tool call."""
        tools = (step.source for step in self.steps if step.kind == "tool")
        return {f"{event.lineage}/c{event.number}": event.id for event in tools if event is not None}

    def in_body(self, body: str) -> Sequence[int]:
        """The ids of the recorded events of the tool body with this lineage, tools called in it included."""
        return self._in_bodies.get(body, ())

    @cached_property
    def _in_bodies(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        keys = self.source.keys()
        for id, address, _ in keys:
            for body in _bodies_around(address):
                found.setdefault(body, []).append(id)
        return found

    def outcome(
        self, request: Request, place: FindPlace, matched: int | None, recorded: Answer | None, *, may_go_on: bool
    ) -> Outcome | None:
        """What the swaps make of ``request``; None: it is answered as recorded, if it was.

        ``matched``: the id of its counterpart; ``may_go_on``: where it has none, the policy may not end the program.
        Raises :class:`UsageError`.
        """
        given = [at for at, entry in enumerate(self.entries) if entry.is_given]
        if matched is not None and not given:
            return None
        stored = self._stored(matched)
        untrusted = [at for at in stored if self._is_barred(self.entries[at], request, place)]
        found = self._applied({*stored, *given}.difference(untrusted), request, place, recorded)
        if found is None or not (matched is None or any(self.entries[at].is_given for at in found.by)):
            found = None
        if untrusted and ((matched is None and may_go_on) or found is not None):
            raise UsageError(
                f"the fork was made with {self.entries[untrusted[0]].text[:80]}, which a file may not have done again",
                hint="give that --swap again to go on with it",
            )
        return found

    def said(self, outcome: Outcome) -> str:
        """The swaps that made ``outcome``, for a person."""
        swaps = [self.entries[at].swap for at in outcome.by]
        return ", ".join(swap.short for swap in swaps if swap is not None)

    def _stored(self, matched: int | None) -> list[int]:
        """The swaps from the file that concern this request: those that made its counterpart, or may make a new one."""
        if matched is not None:
            by = self.swapped[matched].by if matched in self.swapped else ()
            return [at for at in by if at < len(self.entries)]
        return [at for at, entry in enumerate(self.entries) if not entry.is_given]

    def _applied(self, wanted: set[int], request: Request, place: FindPlace, recorded: Answer | None) -> Outcome | None:
        swaps = [(at, swap) for at in sorted(wanted) if (swap := self.entries[at].swap) is not None]
        return apply(swaps, request, place, recorded) if swaps else None

    def _is_barred(self, entry: Entry, request: Request, place: FindPlace) -> bool:
        if entry.is_trusted:
            return False
        return entry.swap is None or concerns(entry.swap, request, lambda: place(Draft(request)))


def _bodies_around(address: str) -> Iterator[str]:
    """The lineages of the tool bodies that ``address`` lies in."""
    if "/c" not in address:
        return
    parts = address.split("/")
    yield from ("/".join(parts[: at + 1]) for at, part in enumerate(parts) if part.startswith("c"))


def _entries(stored: Sequence[str], given: Mapping[str, Swap]) -> Iterator[Entry]:
    """Those from the file come first; one that is given again is given, in its old place."""
    left = dict(given)
    for text in stored:
        again = left.pop(text, None)
        yield Entry(text, again or parse_stored(text), again is not None)
    yield from (Entry(text, swap, True) for text, swap in left.items())
