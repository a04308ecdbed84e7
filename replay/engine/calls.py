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

    __slots__ = ("served",)

    instead: Instead | None = None

    def __init__(self, served: Answer | None = None) -> None:
        self.served = served

    def deliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""

    async def adeliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""


class LiveCall:
    """A request answered by the world; what comes is handed over in turn and written down."""

    __slots__ = ("__weakref__", "asked", "counted", "ended", "order", "served", "session", "started")

    instead: Instead | None = None

    def __init__(self, session: Session, asked: Asked) -> None:
        self.session = session
        self.order = session.order
        self.asked = asked
        self.counted = asked.counted
        self.served: Answer | None = None
        self.started = False
        self.ended = False
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
        self._note_end(part)
        self.session.write_part(self.asked.id, part, tick)
        return True

    def end_dropped(self) -> None:
        """The session ends, and the program had dropped this call."""
        if not self.ended:
            self.session.write_part(self.asked.id, End("closed"), self.order.now())

    def _hand_over(self, part: Part) -> None:
        if self.ended:
            return
        self.started = True
        self._note_end(part)
        order = self.order
        self.session.write_part(self.asked.id, part, order.tick() if self.counted else order.now())

    def _note_end(self, part: Part) -> None:
        if type(part) is End:
            self.ended = True
            self.order.live.discard(self)


class ServedCall:
    """A request answered from the cassette: each recorded part is handed over in its turn.

    ``asked`` is the request as made now, ``recorded`` the id of its counterpart, ``served`` the counterpart's answer.
    """

    __slots__ = ("asked", "chunks", "counted", "handed", "order", "recorded", "served", "session")

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

    def deliver(self, part: Part) -> None:
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
        self._note(part, tick)
        return True

    def _hand_over(self, part: Part, tick: int) -> None:
        if self.handed is None:
            order = self.order
            self._note(part, order.tick(tick) if self.counted else order.now())

    def _note(self, part: Part, tick: int) -> None:
        if type(part) is Chunk:
            self.chunks += 1
        elif type(part) is End:
            self.handed = part
            self.session.ended(self)
        if self.session.sink is not None:
            self.session.write_part(self.asked.id, part, tick)

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


def _interrupted(error: BaseException, *, started: bool) -> End:
    """How a call ends that a signal interrupted while its answer waited for its turn: as if in the call itself."""
    return End("broken" if started else "failed", Failure(type(error).__name__, str(error)))


def _is_own_doing(part: Part) -> bool:
    """Whether the program itself ended the call: then there is nothing to wait for."""
    return type(part) is End and part.ending == "closed"
