"""The three ways a request is answered: live, served from the cassette, or let through untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replay.engine.finalising import is_finalising
from replay.engine.loops import running, uncancelled
from replay.engine.order import NEVER, has_work
from replay.events import Answer, Chunk, End, Event, Failure, Head, Origin, Part, Request
from replay.taps.boundary import Instead
from replay.taps.cancelled import cancelled

if TYPE_CHECKING:
    from replay.engine.session import Session


class Asked(NamedTuple):
    """A request as it was made: redacted, and with its address. A tuple, for there is one for each call of a replay.

    ``counted``: it has a place in the schedule (see :class:`replay.engine.lineage.Node`). The others: see ``Event``.
    """

    id: int
    request: Request
    lineage: str
    number: int
    at: int
    parent: int | None
    fingerprint: bytes
    counted: bool

    def event(self, tick: int, where: str, origin: Origin) -> Event:
        """What is written down of it, without an answer yet."""
        id, request, lineage, number, at, parent, fingerprint, _ = self
        return Event(id, request, lineage, number, at, tick, parent, fingerprint, where, origin)


class LetThrough:
    """No part of the run: an allowed host, or telemetry (``served`` is then what it hears on replay)."""

    __slots__ = ("elapsed", "served")

    instead: Instead | None = None

    def __init__(self, served: Answer | None = None) -> None:
        self.served = served
        self.elapsed: int | None = None

    def deliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""

    async def adeliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""

    def deliver_rest(self) -> bool:
        """Each part by itself."""
        return False

    def deliver_body(self, _chunks: list[bytes]) -> bool:
        """Nothing to write down, nothing to wait for."""
        return True


class LiveCall:
    """A request answered by the world; what comes is handed over in turn and written down."""

    __slots__ = ("__weakref__", "asked", "counted", "elapsed", "ended", "order", "served", "session", "started")

    instead: Instead | None = None

    def __init__(self, session: Session, asked: Asked) -> None:
        self.session = session
        self.order = session.order
        self.asked = asked
        self.counted = asked.counted
        self.served: Answer | None = None
        self.started = False
        self.ended = False
        self.elapsed: int | None = None
        if self.order.replaying:
            self.order.live.add(self)

    def deliver(self, part: Part) -> None:
        if self._at_once(part):
            return
        if _is_own_doing(part) and is_finalising():
            self.session.dropped.append(self)
            return
        if self.counted and not _is_own_doing(part):
            try:
                self.order.wait()
            except (KeyboardInterrupt, SystemExit) as error:
                self._hand_over(_interrupted(error, started=self.started))
                raise
        self._hand_over(part)

    async def adeliver(self, part: Part) -> None:
        if not has_work(running()) and self._at_once(part):
            return
        if self.counted and not self.ended:
            try:
                await self.order.await_turn()
            except cancelled():
                await self._give_up()
                raise
        self._hand_over(part)

    async def _give_up(self) -> None:
        """The program cancelled this call, and goes on in turn: how long clearing up took is chance."""
        try:
            with uncancelled():
                await self.order.await_turn()
        finally:
            self._hand_over(End("closed"))

    def _at_once(self, part: Part) -> bool:
        """Hand ``part`` over if nothing has to be waited for, and say whether."""
        if self.ended or not self.counted or _is_own_doing(part):
            return False
        tick = self.order.at_once()
        if tick is None:
            return False
        self.started = True
        self._write(part, tick)
        return True

    def end_dropped(self) -> None:
        """The session ends, and the program had dropped this call."""
        if not self.ended:
            self._write(End("closed"), self.order.now())

    def _hand_over(self, part: Part) -> None:
        if self.ended:
            return
        self.started = True
        order = self.order
        self._write(part, order.tick() if self.counted else order.now())

    def _write(self, part: Part, tick: int) -> None:
        at = self.session.now()
        if type(part) is End:
            self.ended = True
            self.elapsed = at - self.asked.at
            self.order.live.discard(self)
        self.session.write_part(self.asked.id, part, at, tick)

    def deliver_rest(self) -> bool:
        """There is nothing to hand over before it comes."""
        return False

    def deliver_body(self, chunks: list[bytes]) -> bool:
        """Hand ``chunks`` and the end over, if nothing has to be waited for; or do nothing."""
        if self.ended or not self.counted or self.order.replaying or has_work(running()):
            return False
        tick = self.order.at_once(None, len(chunks) + 1)
        if tick is None:
            return False
        at = self.session.now()
        self.ended = True
        self.elapsed = at - self.asked.at
        self.session.write_body(self.asked.id, chunks, at, tick)
        return True


class ServedCall:
    """A request answered from the cassette: each recorded part is handed over in its turn.

    ``asked`` is the request as made now, ``recorded`` the id of its counterpart, ``served`` the counterpart's answer.
    """

    __slots__ = ("asked", "chunks", "counted", "handed", "has_head", "order", "recorded", "served", "session")

    instead: Instead | None = None

    def __init__(self, session: Session, asked: Asked, recorded: int, served: Answer) -> None:
        self.session = session
        self.order = session.order
        self.asked = asked
        self.recorded = recorded
        self.served = served
        self.counted = asked.counted
        self.chunks = 0
        self.handed: End | None = None
        self.has_head = False

    def is_issued(self, tick: int) -> bool:
        """Take the issue's ``tick``, if nothing has to be waited for, and say whether.

        Where nothing else is ready to run, nothing can come between an issue and a head with the very next tick, which
        a tap delivers at once: both are taken.
        """
        both = self.served.head_tick == tick + 1 and not has_work(running()) and self.session.sink is None
        if both and self.order.at_once(tick, 2) is not None:
            self.has_head = True
            return True
        return self.order.at_once(tick) is not None

    def deliver(self, part: Part) -> None:
        if self.has_head and part is self.served.head:
            return
        if _is_own_doing(part) and is_finalising():
            self.session.dropped.append(self)
            return
        tick = self._recorded_tick(part)
        if self._at_once(part, tick):
            return
        if self.counted and not _is_own_doing(part) and not self.order.wait(tick):
            self._reads_on()
        self._hand_over(part, tick)

    async def adeliver(self, part: Part) -> None:
        if self.has_head and part is self.served.head:
            return
        tick = self._recorded_tick(part)
        if not has_work(running()) and self._at_once(part, tick):
            return
        if self.counted and self.handed is None and (self._was_given_up or not _is_own_doing(part)):
            try:
                has_turn = await self.order.await_turn(tick)
            except cancelled():
                await self._give_up()
                raise
            if not has_turn:
                self._reads_on()
        self._hand_over(part, tick)

    async def _give_up(self) -> None:
        """The program cancelled this call, and goes on when it did so in the recording."""
        try:
            if self._was_given_up:
                with uncancelled():
                    await self.order.await_turn(self.served.end_tick)
        finally:
            self._hand_over(End("closed"), self.served.end_tick)

    @property
    def _was_given_up(self) -> bool:
        return self.served.end is not None and self.served.end.ending == "closed"

    def end_dropped(self) -> None:
        """The session ends, and the program had dropped this call."""
        if self.handed is None:
            self._note(End("closed"), self.order.now())

    def _recorded_tick(self, part: Part) -> int:
        if type(part) is Chunk:
            return part.tick
        if type(part) is Head:
            return self.served.head_tick
        assert type(part) is End
        end = self.served.end
        if part.ending != "closed" and (end is None or end.ending == "closed"):
            return NEVER
        return self.served.end_tick

    def _at_once(self, part: Part, tick: int) -> bool:
        """Hand ``part`` over if nothing has to be waited for, and say whether."""
        if self.handed is not None or not self.counted or _is_own_doing(part) or self.order.at_once(tick) is None:
            return False
        if type(part) is not Head or self.session.sink is not None:
            self._note(part, tick)
        return True

    def _hand_over(self, part: Part, tick: int) -> None:
        if self.handed is None:
            order = self.order
            self._note(part, order.tick(tick) if self.counted else order.now())

    def deliver_rest(self) -> bool:
        """Hand all chunks and the end over at once, if in the recording nothing came between them; or do nothing."""
        chunks, end = self.served.chunks, self.served.end
        if self.chunks or self.handed is not None or not self.counted or end is None or end.ending != "complete":
            return False
        first = chunks[0].tick if chunks else self.served.end_tick
        if self.served.end_tick - first != len(chunks) or self.session.sink is not None:
            return False
        if has_work(running()) or self.order.at_once(first, len(chunks) + 1) is None:
            return False
        self.chunks = len(chunks)
        self.handed = end
        self.session.ended_whole(self.recorded)
        return True

    def deliver_body(self, _chunks: list[bytes]) -> bool:
        """Nothing comes from the world."""
        return False

    @property
    def elapsed(self) -> int | None:
        """Nanoseconds from the issue to the end as recorded; None while the program has not come to the end."""
        return None if self.handed is None else self.served.end_at - self._issued_at

    @property
    def _issued_at(self) -> int:
        assert self.session.source is not None
        return self.session.source.event(self.recorded).at

    def _note(self, part: Part, tick: int) -> None:
        if type(part) is Chunk:
            self.chunks += 1
        elif type(part) is End:
            self.handed = part
            self.session.ended(self)
        if self.session.sink is not None:
            self.session.write_part(self.asked.id, part, self._at(part), tick)

    def _at(self, part: Part) -> int:
        """When ``part`` is said to come: as long after the issue as in the recording."""
        if type(part) is Chunk:
            at = part.at
        elif type(part) is Head:
            at = self.served.head_at
        elif self.served.end is not None:
            at = self.served.end_at
        else:
            return self.session.now()
        return self.asked.at + at - self._issued_at

    def _reads_on(self) -> None:
        self.session.diverge(self.asked, "the program waits for more of an answer that the recorded run gave up on")

    @property
    def shortened(self) -> bool:
        """Whether the program's reading of this answer ended otherwise than in the recording.

        One that was never closed was given up as well: whether a collection came by in time is chance.
        """
        recorded = self.served.end.ending if self.served.end else "closed"
        handed = self.handed.ending if self.handed else "closed"
        return recorded != handed or self.chunks != len(self.served.chunks)


def differs(call: object, reason: str) -> None:
    """What the program did again for a served ``call`` came out otherwise than recorded: a divergence."""
    if isinstance(call, ServedCall):
        call.session.diverge(call.asked, reason)


def _interrupted(error: BaseException, *, started: bool) -> End:
    """How a call ends that a signal interrupted while its answer waited for its turn: as if in the call itself."""
    return End("broken" if started else "failed", Failure(type(error).__name__, str(error)))


def _is_own_doing(part: Part) -> bool:
    """Whether the program itself ended the call: then there is nothing to wait for."""
    return type(part) is End and part.ending == "closed"
