"""One client's session with one server, as far as a tap has to know it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from replay.canon import values
from replay.events import Chunk, Effect
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call

Real = Callable[[], Awaitable[Any]]
Hear = Callable[[str, Any], Awaitable[None]]

_CANCELLED = "notifications/cancelled"
_HINTS: Mapping[str, Effect] = {"readOnlyHint": "read", "destructiveHint": "write"}
"""What a server says of its tools (MCP specification, ``ToolAnnotations``); its defaults say nothing."""


class Link:
    """``asked``: the requests in flight. ``effects``: what the server says of its tools, by name.

    A replay serves the handshake, and the server knows nothing of it. ``unsaid`` holds what has to be said to it for
    real, in order, before the first request that it is really asked.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Boundary, Call]] = []
        self.effects: dict[str, Effect] = {}
        self.unsaid: list[Real] = []
        self.hear: Hear | None = None

    async def tell(self, real: Real) -> None:
        """Send a notification; or keep it, while the server has not heard the handshake."""
        if self.unsaid:
            self.unsaid.append(real)
            return
        with boundary.inside():
            await real()

    async def introduce(self) -> None:
        """Say for real what replay has served."""
        unsaid, self.unsaid = self.unsaid, []
        for real in unsaid:
            await real()

    def learn(self, method: str, answer: Any) -> None:
        """Take from an answer to ``tools/list`` what is said of the tools."""
        tools = answer.get("tools") if method == "tools/list" and isinstance(answer, dict) else None
        for tool in tools if isinstance(tools, list) else ():
            hints = tool.get("annotations") if isinstance(tool, dict) else None
            said = [effect for hint, effect in _HINTS.items() if isinstance(hints, dict) and hints.get(hint) is True]
            self.effects.update({str(tool.get("name")): effect for effect in said})

    # What the server says of itself --------------------------------------------------------------------------------

    def hearing(self, hear: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """``hear``, a handler ``(…, method, params)`` of notifications, with what it hears made part of an answer."""

        async def heard(*before: Any) -> None:
            *_, method, params = before
            if self.asked and method != _CANCELLED:
                await self.asked[0][1].adeliver(Chunk(values.dump({"method": method, "params": dict(params or {})})))
            await _as_program(hear(*before))

        return heard

    def helping(self, help: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """``help``, which does what the server asks of the client, made part of the request in flight."""

        async def helped(*args: Any) -> Any:
            if not self.asked:
                return await _as_program(help(*args))
            session, call = self.asked[0]
            with session.within(call, own_lineage=True):
                return await _as_program(help(*args))

        return helped

    def progressing(self, call: Call, hear: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """``hear``, which hears of the progress of ``call``."""

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            await call.adeliver(Chunk(values.dump({"progress": [progress, total, message]})))
            await _as_program(hear(progress, total, message))

        return progressed


async def _as_program(work: Awaitable[Any]) -> Any:
    """The program's own code again, although a transport handed it the context of a tap."""
    outside = boundary.enter(False)
    try:
        return await work
    finally:
        boundary.leave(outside)
