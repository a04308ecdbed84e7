"""The three ways a request is answered: live, served from the cassette, or let through untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replay.events import Answer, Chunk, End, Event, Part

if TYPE_CHECKING:
    from replay.engine.session import Session


class LetThrough:
    """No part of the run: an allowed host, or telemetry (``served`` is then what it hears on replay)."""

    __slots__ = ("served",)

    def __init__(self, served: Answer | None = None) -> None:
        self.served = served

    def deliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""

    async def adeliver(self, part: Part) -> None:
        """Nothing to write down, nothing to wait for."""


class LiveCall:
    """A request answered by the world; what comes is written down, if there is a cassette to write."""

    __slots__ = ("event", "served", "session")

    def __init__(self, session: Session, event: Event) -> None:
        self.session = session
        self.event = event
        self.served: Answer | None = None

    def deliver(self, part: Part) -> None:
        self.session.write_part(self.event.id, part)

    async def adeliver(self, part: Part) -> None:
        self.session.write_part(self.event.id, part)


class ServedCall:
    """A request answered from the cassette: each recorded part is handed over in its turn.

    ``event`` is the request as made now, ``recorded`` its counterpart.
    """

    __slots__ = ("chunks", "event", "handed", "recorded", "served", "session")

    def __init__(self, session: Session, event: Event, recorded: Event, served: Answer) -> None:
        self.session = session
        self.event = event
        self.recorded = recorded
        self.served = served
        self.chunks = 0
        self.handed: End | None = None

    def deliver(self, part: Part) -> None:
        if isinstance(part, Chunk):
            self.chunks += 1
        elif isinstance(part, End):
            self._end(part)
        self.session.write_part(self.event.id, part)

    async def adeliver(self, part: Part) -> None:
        self.deliver(part)

    def _end(self, part: End) -> None:
        if part.ending == "complete" and self.served.end != part:
            self.session.diverge(self.event, "the program reads on where the recorded run had stopped reading")
        self.handed = part
        self.session.ended(self)

    @property
    def shortened(self) -> bool:
        """Whether the program's reading of this answer ended otherwise than in the recording."""
        recorded = self.served.end.ending if self.served.end else None
        handed = self.handed.ending if self.handed else None
        return recorded != handed or self.chunks != len(self.served.chunks)
