"""A replay that leaves its recording on purpose: by swaps, or where a policy says how it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from replay.canon import fingerprint
from replay.canon.redact import Redactor
from replay.cassette import Reader, Writer
from replay.cassette.forks import Swapped, note_of
from replay.dialects.price import SENT_TO
from replay.dialects.table import find
from replay.engine import lineage, timers
from replay.engine.calls import Asked, LiveCall
from replay.engine.callsite import call_site
from replay.engine.matching import Match, Matcher
from replay.engine.ownpart import keys_of_process
from replay.engine.result import Divergence, divergence_error
from replay.engine.session import Session, body_of
from replay.engine.swaps.budget import Budget, Ledger, Meter, Spending
from replay.engine.swaps.deciding import Decision
from replay.engine.swaps.draft import Draft, Outcome
from replay.engine.swaps.selector import Place
from replay.engine.swaps.steering import Steering
from replay.errors import CassetteError, PolicyError, StopReplay, UsageError
from replay.events import UNKEPT, Answer, Event, Origin, Part, Request
from replay.taps.again import is_again
from replay.taps.boundary import Call, Instead

if TYPE_CHECKING:
    from replay.engine.lineage import Node
    from replay.engine.plan import Plan


class SteeredCall(LiveCall):
    """A call whose answer is not the recorded one: a swap's (``served``), or the world's to what ``instead`` says."""

    __slots__ = ("instead",)

    def __init__(self, session: Session, asked: Asked, served: Answer | None, instead: Instead | None) -> None:
        super().__init__(session, asked)
        self.served = served
        self.instead = instead


class Steered(Session):
    """A session with a :class:`Steering`. The plain one is left as it is: what nobody steers costs nothing."""

    def __init__(
        self,
        plan: Plan,
        *,
        source: Reader,
        sink: Writer | None,
        redactor: Redactor,
        steering: Steering,
        decide: Callable[[Divergence], Decision],
        budget: Budget | None,
    ) -> None:
        self.steering = steering
        self.recording = source
        self.decide = decide
        shared = Path(plan.report, "spent.ledger") if plan.report else None
        self.spending = Spending(budget, Ledger(shared)) if budget is not None else None
        super().__init__(plan, source=source, sink=sink, redactor=redactor)

    def _begin(self, plan: Plan) -> None:
        super()._begin(plan)
        self.matcher = Matcher(self._keys(plan.lineage), self._recorded_request)
        self._matcher = self.matcher
        self._spans: dict[int, tuple[str, int | None]] = {}
        self._uncounted: set[int] = set()
        self._meters: dict[int, Meter] = {}
        self._furthest = 0
        self._next_tick = 0

    def _keys(self, root: str) -> Iterator[tuple[int, str, bytes]]:
        """A fork's swapped events are found by what the program asked, not by what the swaps made of it."""
        swapped = self.steering.swapped
        for id, address, key in keys_of_process(self.recording, root):
            yield id, address, swapped[id].asked if id in swapped else key

    # What taps use -------------------------------------------------------------------------------------------------

    def issue(self, request: Request) -> Call:
        """See :class:`replay.taps.boundary.Boundary`."""
        if request.kind == "http" and (through := self._let_through(request)) is not None:
            return through
        node = lineage.current()
        assert node is not None, "taps ask boundary.current() first"
        asked = self._asked(node, request)
        if not asked.counted:
            self._uncounted.add(asked.id)
        if request.kind == "span":
            self._spans[asked.id] = (request.target, asked.parent)
            return self._live(asked)
        if self._is_own(request):
            return self._live(asked)
        try:
            with self._lock:
                if self.stopped is not None:
                    raise StopReplay(self.stopped)
                match = self.matcher.take(asked.lineage, asked.fingerprint, asked.request)
            return self._steer(request, asked, match)
        except (UsageError, PolicyError, CassetteError) as error:
            raise self.halt(error) from None

    def _steer(self, request: Request, asked: Asked, match: Match | None) -> Call:
        if not self.steering.entries:
            return self._unmatched(asked) if match is None else self._as_recorded(asked, match)
        step = self._step(match)
        recorded = self.recording.event(match.id) if match is not None else None
        outcome = self.steering.outcome(
            request,
            lambda draft: self._place(draft, asked, step),
            match.id if match is not None else None,
            recorded.answer if recorded is not None else None,
            may_go_on=self.plan.policy != "raise",
        )
        if outcome is None:
            if match is None:
                return self._unmatched(asked)
            reopened = self.steering.reopened.get(match.id)
            return self._run_again(asked, reopened) if reopened else self._as_recorded(asked, match)
        wanted = self._wanted(asked, outcome)
        if recorded is not None and match is not None and _is_that(wanted, recorded, outcome):
            return self._as_recorded(asked, match)
        return self._swapped(asked, wanted, recorded, outcome)

    def _run_again(self, asked: Asked, by: tuple[int, ...]) -> Call:
        """A tool whose body makes a request that is swapped runs; its other requests find their recorded ones."""
        self._check_effect(asked.request)
        self._keep(asked, Swapped(asked.fingerprint, by))
        with self._lock:
            self.result.swapped += 1
        return self._call(asked, "swapped", None, None)

    def _wanted(self, asked: Asked, outcome: Outcome) -> Asked:
        """``asked`` with the request that the swaps have made of it."""
        written = self.redactor.request(outcome.request)
        mark = fingerprint(written, self.redactor.rules.match)
        if outcome.sent_to:
            kept = (*written.headers, (SENT_TO, self.redactor.url(outcome.sent_to)))
            written = Request(written.kind, written.action, written.target, kept, written.body, written.effect)
        return asked._replace(request=written, fingerprint=mark)

    def _as_recorded(self, asked: Asked, match: Match) -> Call:
        """Serve the counterpart; the fork keeps the request as earlier swaps made it."""
        earlier = self.steering.swapped.get(match.id)
        if earlier is not None:
            self._keep(asked, earlier)
            recorded = self.recording.event(match.id)
            asked = asked._replace(request=recorded.request, fingerprint=recorded.fingerprint)
        call = self._serve(asked, match)
        if asked.request.kind == "tool" and self.sink is not None:
            recorded = self.recording.event(match.id)
            if recorded.answer is None or not is_again(recorded.answer):
                self._copy_body(asked, recorded)
        return call

    def _copy_body(self, asked: Asked, recorded: Event) -> None:
        """What the body of a served tool did in the recording: it does not run again, and is part of the fork."""
        assert self.sink is not None
        before, now = body_of(recorded), body_of(asked)
        ids = {recorded.id: asked.id}
        for id in self.steering.in_body(before):
            event = self.recording.event(id)
            ids[id] = copy = self.sink.next_id()
            self._uncounted.add(copy)
            lineage = now + event.lineage[len(before) :]
            parent = ids.get(event.parent) if event.parent is not None else None
            at, tick = asked.at, self._tick(copy)
            self.sink.issue(replace(event, id=copy, lineage=lineage, parent=parent, at=at, tick=tick, origin="served"))
            if earlier := self.steering.swapped.get(id):
                self.sink.note(note_of(copy, earlier))
            for part in _parts(event.answer):
                self.write_part(copy, part, at, tick)

    def _swapped(self, asked: Asked, wanted: Asked, recorded: Event | None, outcome: Outcome) -> Call:
        if outcome.lacks and self.plan.policy != "raise":
            hint = f"set {outcome.lacks}; any value does for a server that wants none"
            raise UsageError(f"{self.steering.said(outcome)} needs a key", hint=hint)
        self._keep(asked, Swapped(asked.fingerprint, outcome.by))
        if recorded is not None and asked.request.kind == "tool":
            self._covered.append(body_of(recorded))
        if outcome.is_live:
            return self._decided(wanted, recorded, outcome.instead, swap=self.steering.said(outcome))
        with self._lock:
            self.result.swapped += 1
        return self._call(wanted, "swapped", outcome.answer, outcome.instead)

    def _keep(self, asked: Asked, swapped: Swapped) -> None:
        if self.sink is not None:
            self.sink.note(note_of(asked.id, swapped))

    # Where the recording has no answer -----------------------------------------------------------------------------

    def _unmatched(self, asked: Asked, reason: str = "") -> Call:
        return self._decided(asked, None, None, reason=reason)

    def _decided(
        self, asked: Asked, recorded: Event | None, instead: Instead | None, *, swap: str = "", reason: str = ""
    ) -> Call:
        """Go on as the policy says. ``recorded``: the request's counterpart as it was before the swap."""
        closest = recorded.id if recorded is not None else self._closest(asked)
        divergence = Divergence(
            asked=asked.request,
            lineage=asked.lineage,
            number=asked.number,
            step=self.result.asked + 1,
            closest=closest,
            where=call_site(),
            reason=reason,
            swap=swap,
        )
        decision = self.decide(divergence)
        with self._lock:
            self.result.divergences.append(divergence)
        if decision == "nearest" and (answer := self._nearest(asked, recorded, closest)) is not None:
            decision = answer
        if isinstance(decision, Answer):
            with self._lock:
                self.result.nearest += 1
            return self._call(asked, "nearest", decision, None)
        if decision != "live":
            raise self._ended(divergence)
        return self._made(asked, recorded or self._alike(asked, closest), instead)

    def _closest(self, asked: Asked) -> int | None:
        return self.matcher.closest(asked.lineage, asked.request, self._is_in_body)

    def _nearest(self, asked: Asked, recorded: Event | None, closest: int | None) -> Answer | None:
        """The answer of the event that stands for this one: the swapped counterpart, or the next that is like it."""
        event = recorded
        if event is None and (event := self._alike(asked, closest)) is not None:
            self.matcher.discard([event.id])
            if asked.request.kind == "tool":
                self._covered.append(body_of(event))
        answer = event.answer if event is not None else None
        if event is None or answer is None or answer.end is None:
            return None
        if answer.failure is not None and answer.failure.name == UNKEPT:
            return None
        return self._restorer.answer(answer, event.id, asked.request) if self._restorer is not None else answer

    def _alike(self, asked: Asked, closest: int | None) -> Event | None:
        event = self.recording.event(closest) if closest is not None else None
        return event if event is not None and _can_stand_for(event.request, asked.request) else None

    def _made(self, asked: Asked, recorded: Event | None, instead: Instead | None) -> Call:
        """The world answers, if that is allowed. ``recorded``: what tells how much it may take."""
        request = asked.request
        self._check_effect(request)
        meter = self.spending.allow(request, recorded) if self.spending is not None else None
        if meter is not None:
            self._meters[asked.id] = meter
        with self._lock:
            self.result.live += 1
        return self._call(asked, "live", None, instead)

    def _check_effect(self, request: Request) -> None:
        if request.effect == "write" and request.target not in self.plan.allow_effects:
            raise PolicyError(
                f"the tool {request.target} changes the world and is not run in a replay",
                hint=f"--allow-effect {request.target} lets it",
            )

    def _ended(self, divergence: Divergence) -> StopReplay:
        with self._lock:
            self.stopped = self.stopped or divergence_error(divergence)
            self.result.stopped = True
        self.save_result()
        return StopReplay(self.stopped)

    # What is written -----------------------------------------------------------------------------------------------

    def _call(self, asked: Asked, origin: Origin, served: Answer | None, instead: Instead | None) -> SteeredCall:
        tick = self.order.at_once() if asked.counted else self.order.now()
        if tick is None:
            self.order.wait()
            tick = self.order.tick()
        self._write_issue(asked, tick, origin)
        return SteeredCall(self, asked, served, instead)

    def _write_issue(self, asked: Asked, tick: int, origin: Origin) -> None:
        super()._write_issue(asked, self._tick(asked.id), origin)

    def write_part(self, id: int, part: Part, at: int, tick: int) -> None:
        """See :class:`Session`."""
        meter = self._meters.get(id)
        if meter is not None and meter.see(part):
            del self._meters[id]
        super().write_part(id, part, at, self._tick(id))

    def timer_fired(self, node: Node, number: int, recorded: int | None) -> None:
        """See :class:`Session`."""
        self.order.tick(recorded)
        if self.sink is not None:
            self._recorded_reads.add(node.address, timers.SOURCE, [number, self._tick(-1)])

    def _tick(self, id: int) -> int:
        """The fork's own schedule: the recorded ticks no longer fit together once something else came in between."""
        with self._lock:
            tick = self._next_tick
            self._next_tick += id not in self._uncounted
        return tick

    # Where a request stands ----------------------------------------------------------------------------------------

    def _step(self, match: Match | None) -> int:
        """Its step number, or the next one for what is not in the cassette; 0 when no swap asks for it."""
        if not self.steering.places_matter:
            return 0
        with self._lock:
            number = self.steering.numbers.get(match.id) if match is not None else None
            self._furthest = self._furthest + 1 if number is None else max(self._furthest, number)
            return self._furthest if number is None else number

    def _place(self, draft: Draft, asked: Asked, step: int) -> Place:
        model = draft.read if draft.dialect is not None else None
        own = (asked.request.target,) if asked.request.kind == "tool" else ()
        tools = tuple([tool.name for tool in model.tools]) if model is not None else own
        return Place(step, model.model if model is not None else "", tools, tuple(self._around(asked.parent)))

    def _around(self, parent: int | None) -> Iterator[str]:
        while parent is not None and parent in self._spans:
            name, parent = self._spans[parent]
            yield name


def _is_that(wanted: Asked, recorded: Event, outcome: Outcome) -> bool:
    """Whether the recording already holds what the swaps would have: no need to ask the world again."""
    if not outcome.is_live or (outcome.instead is not None and outcome.instead.function is not None):
        return False
    went_to = recorded.request.header(SENT_TO) or ""
    return wanted.fingerprint == recorded.fingerprint and went_to == (wanted.request.header(SENT_TO) or "")


def _parts(answer: Answer | None) -> Iterator[Part]:
    if answer is None:
        return
    yield from filter(None, [answer.head])
    yield from answer.chunks
    yield from filter(None, [answer.end])


def _can_stand_for(recorded: Request, asked: Request) -> bool:
    """Whether the program could read the answer to ``recorded`` as one to ``asked``."""
    if (recorded.kind, recorded.action, recorded.target) != (asked.kind, asked.action, asked.target):
        return False
    dialect = find(asked)
    return dialect is None or dialect.request(recorded).stream == dialect.request(asked).stream
