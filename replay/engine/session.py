"""One recording or replay in one process: the place where its state lives.

A session has a ``source`` (the cassette it serves from), a ``sink`` (the cassette it writes), or both: a recording has
only a sink, a replay a source, and a replay that saves a fork has both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

import orjson

from replay.canon import fingerprint
from replay.canon.redact import Redactor
from replay.canon.restore import Restorer
from replay.cassette import Reader, Writer
from replay.cassette.behaviour import knows_tasks
from replay.engine import idle, kin, lineage, threads, timers
from replay.engine.answers import Answers
from replay.engine.calls import Asked, LetThrough, LiveCall, ServedCall
from replay.engine.callsite import call_site
from replay.engine.finalising import is_finalising
from replay.engine.hosts import ACCEPTED, Hosts
from replay.engine.lineage import Node
from replay.engine.matching import Match, Matcher
from replay.engine.order import OVERDUE, UNSETTLED, Order
from replay.engine.ownpart import in_process, keys_of_process
from replay.engine.plan import Plan
from replay.engine.reads import RecordedReads, ServedReads
from replay.engine.result import Divergence, Result, divergence_error
from replay.errors import CassetteError, PolicyError, ReplayError, StopReplay
from replay.events import UNKEPT, Chunk, End, Event, Note, Origin, Part, Reads, Request
from replay.taps.boundary import Call

T = TypeVar("T")

MAX_ORDINARY = 1024
"""URLs remembered as part of the run; agents ask few of them many times."""


class Session:
    """See :mod:`replay.taps.boundary` for the part that taps use."""

    def __init__(self, plan: Plan, *, source: Reader | None, sink: Writer | None, redactor: Redactor) -> None:
        self.source = source
        self.serves = source is not None
        self._is_imported = source is not None and not knows_tasks(source.header)
        self.sink = sink
        self.redactor = redactor
        self.hosts = Hosts(plan.allow_hosts, plan.ignore_hosts)
        self._imported_targets: frozenset[str] | None = None
        self._ordinary: set[str] = set()
        self.is_open = True
        self._started = _clock()
        self._begin(plan)

    def _begin(self, plan: Plan) -> None:
        """The state of one process: a forked child has its own."""
        self.plan = plan
        self.result = Result(mode=plan.mode, lineages=[] if plan.is_worker else [plan.lineage])
        self.inputs: list[Note] = []
        self.root = Node(self, plan.lineage)
        self.stopped: ReplayError | None = None
        self.order = Order(replaying=self.source is not None, holding=not self._is_imported)
        self._ids = count()
        self._lock = threading.Lock()
        self._answers = None if self.sink is None else Answers(self.redactor, self.sink)
        self._covered: list[str] = []
        self._serving: dict[int, ServedCall] = {}
        self._latest: dict[str, int] = {}
        self.dropped: list[LiveCall | ServedCall] = []
        self._recorded_reads = RecordedReads()
        self._served_reads = ServedReads([])
        self._timers: dict[tuple[str, int], int] = {}
        self._interrupts: dict[tuple[str, int], int] = {}
        self._is_clean = self.source is not None and self.sink is None and not self.redactor.rules.by_request
        """No request of this replay so far had a secret in its address or its body, and none is written down."""
        self._matcher: Matcher | None = None
        self._restorer: Restorer | None = None
        if self.source is not None:
            self._restorer = Restorer(self.redactor, self._recorded_request)
            self._matcher = Matcher(
                keys_of_process(self.source, plan.lineage), self._recorded_request, self.redactor.rules.match
            )
            self._served_reads = ServedReads(self._reads_of_process(self.source, plan.lineage))

    def _reads_of_process(self, source: Reader, root: str) -> Iterator[Reads]:
        """What the process read, decoded as it is asked for; the timers among it are set aside."""
        for reads in source.each_read():
            if in_process(reads.lineage, root):
                if reads.source == timers.SOURCE:
                    self._timers.update(timers.fired([reads]))
                elif reads.source == timers.INTERRUPTED:
                    self._interrupts.update(timers.pairs(reads))
                else:
                    yield reads

    def _recorded_request(self, id: int) -> Request:
        assert self.source is not None
        return self.source.event(id).request

    # What taps use -------------------------------------------------------------------------------------------------

    def issue(self, request: Request) -> Call:
        """See :class:`replay.taps.boundary.Boundary`."""
        if request.kind == "http" and (through := self._let_through(request)) is not None:
            return through
        node = lineage.current()
        assert node is not None, "taps ask boundary.current() first"
        if self._is_clean and (call := self._serve_clean(node, request)) is not None:
            return call
        asked = self._asked(node, request)
        if self._matcher is None or request.kind == "span" or self._is_own(request):
            return self._live(asked)
        if asked.request is not request and self._is_clean:
            self._is_clean = not self.redactor.has_changed(request, asked.request)
        try:
            with self._lock:
                if self.stopped is not None:
                    raise StopReplay(self.stopped)
                match = self._matcher.take(asked.lineage, asked.fingerprint, asked.request)
        except CassetteError as error:
            raise self.halt(error) from None
        return self._unmatched(asked) if match is None else self._serve(asked, match)

    def read(self, source: str, real: Callable[[], T]) -> T:
        """See :class:`replay.taps.boundary.Boundary`."""
        if is_finalising():  # at any moment, also while the recorded reads are being decoded
            return real()
        node = lineage.current()
        address = node.address if node is not None else self.plan.lineage
        if self.source is not None:
            value = self._served_reads.read(address, source, real)
            return value if self.sink is None else self._recorded_reads.read(address, source, lambda: value)
        return self._recorded_reads.read(address, source, real)

    def halt(self, error: ReplayError) -> StopReplay:
        """See :class:`replay.taps.boundary.Boundary`."""
        with self._lock:
            self.stopped = self.stopped or error
            self.result.stopped = True
            self.result.halted = self.result.halted or (error.exit_code, error.message, error.hint)
        self.save_result()
        return StopReplay(self.stopped)

    def lineage(self) -> str:
        """The address of the logical task that runs now."""
        node = lineage.current()
        return node.address if node is not None else self.plan.lineage

    @contextmanager
    def within(self, call: Call, *, own_lineage: bool) -> Iterator[None]:
        """See :class:`replay.taps.boundary.Boundary`."""
        node = lineage.current()
        if node is None or isinstance(call, LetThrough):
            yield
        elif own_lineage:
            asked = call.asked  # type: ignore[attr-defined]
            with lineage.bound(Node(self, body_of(asked), asked.id, counted=False)):
                yield
        else:
            before, node.parent = node.parent, call.asked.id  # type: ignore[attr-defined]
            try:
                yield
            finally:
                node.parent = before

    # What timers use -----------------------------------------------------------------------------------------------

    def timer_tick(self, node: Node, number: int) -> int | None:
        """When, in the schedule, a timer fired in the recording; None while recording."""
        if self.source is None or self._is_imported:
            return None
        key = (node.address, number)
        while key not in self._timers and self._served_reads.read_on():
            pass
        return self._timers.pop(key, OVERDUE)

    def timer_fired(self, node: Node, number: int, recorded: int | None) -> None:
        """Note that a timer fires now."""
        tick = self.order.tick(recorded)
        if self.sink is not None:
            self._recorded_reads.add(node.address, timers.SOURCE, [number, tick])

    def interrupted(self, node: Node, number: int, recorded: int | None) -> None:
        """Note that a KeyboardInterrupt ends a sleep now."""
        tick = self.order.tick(recorded)
        if self.sink is not None:
            self._recorded_reads.add(node.address, timers.INTERRUPTED, [number, tick])

    def interrupted_at(self, node: Node, number: int) -> int | None:
        """When a KeyboardInterrupt ended this sleep in the recording; None: none did."""
        return self._interrupts.pop((node.address, number), None)

    # What the guard uses -------------------------------------------------------------------------------------------

    def watched(self, connection: str) -> None:
        """Note a connection made outside every tap: what came over it is not in the cassette."""
        if connection not in self.result.unwatched:
            self.result.unwatched.append(connection)

    def refused(self, what: str) -> None:
        """Note what was refused: a connection, or a tool with effects."""
        self.result.refused.append(what)
        self.result.stopped = True
        self.save_result()

    # What calls use ------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Nanoseconds since the start of the session."""
        return _clock() - self._started

    def write_part(self, id: int, part: Part, at: int, tick: int) -> None:
        """Write one part of an answer down, handed over ``at`` (see :meth:`now`), if there is a cassette to write."""
        answers = self._answers
        if answers is None:
            return
        if self._restorer is not None:
            part = self._restorer.recorded(part)
        if type(part) is Chunk:
            answers.chunk(id, part.data, at, tick)
            return
        if type(part) is End:
            self._note_unkept(part)
            self._flush_reads()
        answers.part(id, part, at, tick)

    def write_body(self, id: int, chunks: list[bytes], at: int, tick: int) -> None:
        """Write the whole body of a recorded answer and its end, handed over at once from ``tick`` on."""
        assert self._answers is not None
        self._flush_reads()
        self._answers.body(id, chunks, at, tick)

    def ended(self, call: ServedCall) -> None:
        """The program has come to the end of a served answer, or has stopped reading it."""
        self.ended_whole(call.recorded)
        if call.shortened and not self._is_imported:
            self.result.shortened.append(call.recorded)

    def ended_whole(self, id: int) -> None:
        """The program has all of the answer to event ``id``."""
        self._serving.pop(id, None)

    def diverge(self, asked: Asked, reason: str = "") -> None:
        """Note a divergence; under the policy ``raise`` this ends the program."""
        assert self._matcher is not None
        redacted = self.redactor.request(asked.request)
        divergence = Divergence(
            asked=redacted,
            lineage=asked.lineage,
            number=asked.number,
            step=self.result.served + self.result.live + 1,
            closest=self._matcher.closest(asked.lineage, redacted, self._is_in_body),
            where=call_site(),
            reason=reason,
        )
        with self._lock:
            self.result.divergences.append(divergence)
            if self.plan.policy == "raise":
                self.stopped = self.stopped or divergence_error(divergence)
                self.result.stopped = True
        self.save_result()
        if self.stopped is not None:
            raise StopReplay(self.stopped)

    # The life of a session -----------------------------------------------------------------------------------------

    def open(self) -> None:
        lineage.open_root(self.root)
        threads.here()
        idle.orders.append(self.order)
        if self.source is not None:
            self.source.decode_first()
        self.save_result()

    def close(self) -> None:
        """Settle the result and seal the cassette. Closing twice changes nothing."""
        if not self.is_open:
            return
        self.is_open = False
        self.order.close()
        idle.orders.remove(self.order)
        lineage.close_root(self.root)
        self.result.unsettled = self.order.unsettled
        for call in self.dropped:
            call.end_dropped()
        self._settle()
        if self.sink is not None and self._answers is not None:
            self._answers.close()
            self._flush_reads()
            for host, calls in self.result.ignored.items():
                self.sink.note(Note("ignored", {"host": host, "calls": calls}))
            for connection in self.result.unwatched:
                self.sink.note(Note("unwatched", connection))
            for note in self.inputs:
                self.sink.note(note)
            if self.source is None and self.order.unsettled:
                self.sink.note(Note(UNSETTLED, self.order.unsettled))
            self.sink.close(seal=self.plan.is_root)
            self.result.gaps.extend(self.sink.gaps)
        self.result.finished = len(self.result.lineages)
        kin.gather(self)
        self.save_result()

    def become_child(self, plan: Plan) -> None:
        """Go on, in a forked child process, under ``plan``."""
        lineage.close_root(self.root)
        self._begin(plan)
        if self.sink is not None:
            self.sink.lineage = plan.lineage
        self.open()

    def output(self, encoded: bytes) -> None:
        """The run's result (:mod:`replay.canon.values`): written down, and on replay compared with the recorded one."""
        value = orjson.loads(self.redactor.bytes(encoded))
        if self.sink is not None:
            self.sink.note(Note("output", value))
        if self.source is not None:
            recorded = [note.data for note in self.source.notes if note.kind == "output"]
            self.result.output = "same" if recorded[-1:] == [value] else "changed"

    def unused(self) -> list[int]:
        """Ids of the recorded events that nothing has asked for yet, but for what needs no answer of its own."""
        if self._matcher is None or self.source is None:
            return []
        return [id for id in self._matcher.left if not self._is_covered(self.source.event(id))]

    def save_result(self) -> None:
        if self.plan.report:
            self.result.save(self.plan.report)

    # Inside --------------------------------------------------------------------------------------------------------

    def _serve_clean(self, node: Node, request: Request) -> Call | None:
        """Serve a request that holds no secret: the recorded one is the same unredacted. Or None, and nothing is done.

        What has a secret in its address or body matches nothing before that is replaced, and its fields are replaced
        once for all requests that have them.
        """
        if request.kind != "http" or not self.redactor.knows(request.headers):
            return None
        assert self._matcher is not None
        mark = fingerprint(request)
        try:
            with self._lock:
                if self.stopped is not None:
                    raise StopReplay(self.stopped)
                id = self._matcher.take_exact(node.address, mark)
        except CassetteError as error:
            raise self.halt(error) from None
        if id is None:
            return None
        number, counted = node.next_number(), node.counted
        asked = Asked(next(self._ids), request, node.address, number, 0, node.parent, mark, counted)
        return self._serve(asked, Match(id, "exact"))

    def _asked(self, node: Node, request: Request) -> Asked:
        redacted = self.redactor.request(request)
        return Asked(
            self.sink.next_id() if self.sink is not None else next(self._ids),
            redacted,
            node.address,
            node.next_number(),
            _clock() - self._started,
            node.parent,
            fingerprint(redacted, self.redactor.rules.match),
            node.counted and request.kind != "span",
        )

    def _live(self, asked: Asked) -> LiveCall:
        replaying = self._matcher is not None
        tick = self.order.at_once() if asked.counted else self.order.now()
        if tick is None:
            self.order.wait()
            tick = self.order.tick()
        with self._lock:
            self.result.recorded += not replaying
            self.result.live += replaying and asked.request.kind != "span" and not self._is_own(asked.request)
        self._write_issue(asked, tick, "live" if replaying else "recorded")
        return LiveCall(self, asked)

    def _serve(self, asked: Asked, match: Match) -> Call:
        assert self.source is not None
        id, how = match
        try:
            issued, answer = self.source.answer(id)
        except CassetteError as error:  # the program may swallow what it does not know
            raise self.halt(error) from None
        if answer is None or (answer.head is None and answer.end is None):
            return self._unmatched(asked, "the recording ends inside this call")
        failure = answer.failure
        if failure is not None and failure.name == UNKEPT:
            return self._unmatched(asked, f"the recording could not keep this value: {failure.message}")
        result, order, lineage = self.result, self.order, asked.lineage
        with self._lock:
            result.served += 1
            if self._is_imported:
                result.volatile += how == "volatile"
            elif how == "exact":  # within one task requests come in the recorded order: ids count in order of issue
                order.reordered += id < self._latest.get(lineage, -1)
            else:
                result.moved += how == "moved"
                result.volatile += how == "volatile"
            self._latest[lineage] = id
        if asked.request.kind == "tool":
            self._covered.append(body_of(self.source.event(id)))
        if self._restorer is not None:
            answer = self._restorer.answer(answer, id, asked.request)
        call = self._serving[id] = ServedCall(self, asked, id, answer)
        if asked.counted and not call.is_issued(issued):
            order.wait(issued)
            order.tick(issued)
        if self.sink is not None:
            self._write_issue(asked, issued if asked.counted else order.now(), "served")
        return call

    def _is_own(self, request: Request) -> bool:
        """Whether ``request`` is none that the tool could see which recorded this cassette: it is made as ever."""
        return self._is_imported and request.kind != "http" and request.effect != "write"

    def _unmatched(self, asked: Asked, reason: str = "") -> Call:
        self.diverge(asked, reason)
        if asked.request.effect == "write":
            refused = PolicyError(f"the tool {asked.request.target} changes the world and is not run in a replay")
            with self._lock:
                self.stopped = self.stopped or refused
            self.refused(f"the tool {asked.request.target}")
            raise StopReplay(refused)
        return self._live(asked)

    def _note_unkept(self, end: End) -> None:
        if end.failure is not None and end.failure.name == UNKEPT:
            self.result.gaps.append(end.failure.message)

    def _write_issue(self, asked: Asked, tick: int, origin: Origin) -> None:
        if self.sink is not None:
            self._flush_reads()
            if self.redactor.rules.store:
                self.redactor.issued(asked.id, asked.request)
            self.sink.issue(asked.event(tick, call_site(), origin))

    def _flush_reads(self) -> None:
        assert self.sink is not None
        for reads in self._recorded_reads.flush():
            self.sink.reads(reads)

    def _let_through(self, request: Request) -> LetThrough | None:
        if request.target in self._ordinary:
            return None
        if self.hosts.allows(request.target):
            return LetThrough()
        if not self.hosts.ignores(request.target) or self._is_imported_call(request.target):
            if len(self._ordinary) < MAX_ORDINARY:
                self._ordinary.add(request.target)
            return None
        host = request.target.split("/")[2]
        with self._lock:
            self.result.ignored[host] = self.result.ignored.get(host, 0) + 1
        return LetThrough(ACCEPTED if self.source is not None else None)

    def _is_imported_call(self, target: str) -> bool:
        """Whether an imported cassette holds a call to ``target``: other tools record telemetry as any other call."""
        if not self._is_imported or self.source is None:
            return False
        if self._imported_targets is None:
            self._imported_targets = frozenset(event.request.target for event in self.source.events)
        return self.redactor.url(target) in self._imported_targets

    def _settle(self) -> None:
        if self._matcher is None or self.source is None:
            return
        for call in list(self._serving.values()):
            self.ended(call)
        self.result.unused.extend(self.unused())
        self.result.reordered = self.order.reordered
        self.result.overread = 0 if self._is_imported else self._served_reads.overread
        self.result.unread = self._served_reads.unread(self._is_in_body)

    def _is_covered(self, event: Event) -> bool:
        """Whether ``event`` asks for no answer of its own: a span, or made by the body of a tool that was served."""
        return event.request.kind == "span" or self._is_in_body(event.lineage)

    def _is_in_body(self, address: str) -> bool:
        return any(address == body or address.startswith(f"{body}/") for body in self._covered)


_clock = time.perf_counter_ns


def body_of(call: Event | Asked) -> str:
    """The lineage of the requests made by the body of the tool call ``call``."""
    return f"{call.lineage}/c{call.number}"
