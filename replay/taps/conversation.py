"""What a program says over a connection that stays open: each message is a request with the connection as its parent.

A message that the recording does not hold is a divergence. A connection that was served so far cannot go live with it:
there is no server that has heard what came before.
"""

from __future__ import annotations

from typing import Final

from replay.dialects.websocket import Closing
from replay.errors import PolicyError
from replay.events import Headers, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call

REFUSED: Final = "a replay cannot go live in the middle of a connection: no server has heard what was said before"


class Conversation:
    """One open connection to ``target``; ``call`` is what opened it, ``headers`` go with each message."""

    def __init__(self, session: Boundary, call: Call, target: str, headers: Headers = ()) -> None:
        self.session = session
        self.call = call
        self.target = target
        self.headers = headers
        self.is_served = call.served is not None

    @property
    def is_over(self) -> bool:
        """Whether the session has ended: what the program does with the connection since is no part of the run."""
        return boundary.current() is None

    def says(self, action: str, body: bytes) -> Call:
        """The program sends ``body``. Raises :class:`replay.errors.StopReplay` where nothing can answer it."""
        with self.session.within(self.call, own_lineage=False):
            said = self.session.issue(Request("http", action, self.target, self.headers, body))
        if self.is_served and said.served is None:
            hint = "--on-divergence nearest goes on with what was recorded; or record the run again"
            raise self.session.halt(PolicyError(f"{REFUSED} ({action} {self.target})", hint=hint))
        return said

    def closes(self, code: int, reason: str) -> Call:
        """The program closes the connection."""
        return self.says("CLOSE", f"{code} {reason}".rstrip().encode())


def closing_of(protocol: object) -> Closing:
    """How a connection of ``websockets`` ended, from its ``Protocol``."""
    received, sent, first = (getattr(protocol, name) for name in ("close_rcvd", "close_sent", "close_rcvd_then_sent"))
    return Closing(
        (int(received.code), received.reason) if received is not None else None,
        (int(sent.code), sent.reason) if sent is not None else None,
        first,
    )
