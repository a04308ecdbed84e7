"""Requests that come over the wire cross the boundary: recorded, served in turn, or sent on.

The crossing itself is the tap's for ``httpx``, whose client asks the upstreams.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from replay.canon import fingerprint
from replay.engine import lineage
from replay.engine.calls import LetThrough, ServedCall
from replay.engine.order import NEVER
from replay.engine.session import Session
from replay.errors import StopReplay
from replay.events import Chunk, End, Head, Part
from replay.proxy.settled import Pace
from replay.proxy.turns import Turns
from replay.taps.boundary import Call
from replay.taps.httpx import Library, Transport
from replay.taps.httpx_sending import ISSUED

CONNECT = 30.0
"""Seconds to reach an upstream. How long it may take to answer is up to the program."""


class Abandoned(Exception):
    """The recorded program gave this answer up, and this one waits for more of it."""


class Crossing:
    """The way of all requests of one session to the proxy at ``port``. Of the event loop that first uses it."""

    def __init__(self, session: Session, port: int) -> None:
        self.session = session
        self.pace = Pace(port)
        self.turns = Turns(session.source) if session.source is not None else None
        self.library = Library(httpx)
        # Its proxy variables and certificates count; redirects, cookies and retries are the program's affair.
        self.client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None, max_keepalive_connections=None))

    async def answer(
        self, peer: int, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> httpx.Response:
        """The response to a request from the port ``peer``, its body still to be read.

        Raises what ``httpx`` does, and :class:`StopReplay`.
        """
        extensions = {"timeout": {"connect": CONNECT, "read": None, "write": None, "pool": None}}
        request = httpx.Request(method, url, headers=headers, content=body, extensions=extensions)
        setattr(request, ISSUED, await self._issued(peer, request, body))
        transport: Any = Transport(self.library, self.client._transport_for_url(request.url), self.session)
        response: httpx.Response = await transport.handle_async_request(request)
        return response

    async def _issued(self, peer: int, request: httpx.Request, body: bytes) -> Call:
        asked = self.library.request(request, body)
        if self.turns is not None:
            await self.turns.arrived(fingerprint(self.session.redactor.request(asked)))
        try:
            with lineage.bound(self.session.root):
                call = self.session.issue(asked)
        except StopReplay:
            if self.turns is not None:  # what else is on its way is not held up by what now never comes
                self.turns.leave()
            raise
        if isinstance(call, LetThrough):
            return call
        if self.turns is not None and isinstance(call, ServedCall):
            self.turns.passed(self.turns.issued(call.recorded))
            return InTurn(call, self.pace, peer, self.turns)
        if self.turns is not None:
            self.turns.leave()
        return Paced(call, self.pace, peer)

    async def close(self) -> None:
        await self.client.aclose()
        self.session.order.unsettled += self.pace.unsettled
        if self.turns is not None:
            self.session.order.reordered += self.turns.reordered


class Paced:
    """A call each part of which is handed over once the program has taken in the one before."""

    def __init__(self, call: Call, pace: Pace, peer: int) -> None:
        self._call = call
        self.pace = pace
        self.peer = peer
        self.served = call.served
        self.instead = call.instead
        self._is_flying = True
        pace.flying += 1

    @property
    def elapsed(self) -> int | None:
        return self._call.elapsed

    async def adeliver(self, part: Part) -> None:
        """See :class:`replay.taps.boundary.Call`."""
        try:
            await self.pace.turn(self.peer)
        except asyncio.CancelledError:
            self.deliver(End("closed"))
            raise
        await self._call.adeliver(part)
        self._see(part)

    def deliver(self, part: Part) -> None:
        """The program has gone away."""
        self._call.deliver(part)
        self._see(part)

    def _see(self, part: Part) -> None:
        if isinstance(part, End) and self._is_flying:
            self._is_flying = False
            self.pace.flying -= 1

    def deliver_rest(self) -> bool:
        """Each part by itself: its place between those of other answers, and its boundaries, are to be kept."""
        return False

    def deliver_body(self, _chunks: list[bytes]) -> bool:
        """See :meth:`deliver_rest`."""
        return False


class InTurn(Paced):
    """A served call, each part of which waits for its turn in the recording."""

    def __init__(self, call: ServedCall, pace: Pace, peer: int, turns: Turns) -> None:
        super().__init__(call, pace, peer)
        self.call = call
        self.answer = call.served
        self.turns = turns
        self.has_head = False

    async def adeliver(self, part: Part) -> None:
        """See :class:`replay.taps.boundary.Call`. Raises :class:`Abandoned`."""
        tick = self._tick(part)
        try:
            has_turn = await self.turns.wait(tick)
            await self.pace.turn(self.peer)
        except asyncio.CancelledError:
            self.deliver(End("closed"))
            raise
        self.has_head = self.has_head or isinstance(part, Head)
        self.call.deliver(part)
        self.turns.passed(tick)
        self._see(part)
        if not has_turn:
            raise Abandoned

    def deliver(self, part: Part) -> None:
        """The program has gone away."""
        self._give_up()
        self._see(part)

    def _tick(self, part: Part) -> int:
        if isinstance(part, Chunk):
            return part.tick
        if isinstance(part, Head):
            return self.answer.head_tick
        return NEVER if self._was_given_up else self.answer.end_tick

    @property
    def _was_given_up(self) -> bool:
        return self.answer.end is None or self.answer.end.ending == "closed"

    def _give_up(self) -> None:
        """The program has closed its connection; how much of what was on its way it has read, nobody knows.

        So nothing is made of it when it closed in the recording too, or when all of the answer was on its way.
        """
        if self.call.handed is not None:
            return
        answer = self.answer
        rest = answer.chunks[self.call.chunks :]
        if self._was_given_up:
            if answer.head is not None and not self.has_head:
                self.call.deliver(answer.head)
            for chunk in rest:
                self.call.deliver(chunk)
            rest = ()
        is_whole = not rest and self.has_head and answer.end is not None
        self.call.deliver(answer.end if is_whole and answer.end is not None else End("closed"))
        self.turns.passed(answer.head_tick, *[chunk.tick for chunk in answer.chunks], answer.end_tick)
