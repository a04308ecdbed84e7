"""The transports of MCP clients: standard input and output of a server process, SSE, streamable HTTP, WebSocket.

What goes over them is part of the requests that a session makes (:mod:`replay.taps.mcp.session`), and no event of its
own. On replay the program gets streams that lead nowhere; the first message that is really sent starts the server, or
connects to it.

Seams: the functions that open a transport, wherever the program knows them by name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import ModuleType, TracebackType
from typing import Any

from replay.taps import boundary, byname
from replay.taps.mcp.session import session_here
from replay.taps.patch import original_of, wrap

_JOINS = "REPLAY_PLAN"
"""The variable by which a child process takes part in a run. A server is the world: a replay does not start it."""

_TRANSPORTS = ("stdio_client", "sse_client", "streamable_http_client", "streamablehttp_client", "websocket_client")


def attach(module: ModuleType) -> None:
    """Tap ``module``, one of ``mcp.client`` that holds a transport. Idempotent."""
    names = [name for name in _TRANSPORTS if name in vars(module)]
    tells_session = hasattr(module, "GetSessionIdCallback")  # of mcp 1: a third thing that the transport gives
    for name in names:
        wrap(module, name, lambda original: _opening(original, tells_session=tells_session))
    byname.replace([(original_of(wrapper), wrapper) for wrapper in [getattr(module, name) for name in names]])


def _opening(original: Callable[..., Any], *, tells_session: bool) -> Callable[..., Any]:
    def open_transport(*args: Any, **kwargs: Any) -> AbstractAsyncContextManager[Any]:
        session = session_here()
        if session is None:
            return original(*args, **kwargs)  # type: ignore[no-any-return]
        opened = original(*map(_apart, args), **{name: _apart(value) for name, value in kwargs.items()})
        return _late(opened, tells_session=tells_session) if session.serves else _Within(opened)

    return open_transport


def _apart(given: Any) -> Any:
    """``given``; the parameters of a server process without the way into this run that ``os.environ`` shows it."""
    env = getattr(given, "env", None)
    if not isinstance(env, dict) or _JOINS not in env:
        return given
    return given.model_copy(update={"env": {name: value for name, value in env.items() if name != _JOINS}})


class _Within:
    """A transport whose processes, connections and tasks are part of a tap."""

    def __init__(self, opened: AbstractAsyncContextManager[Any]) -> None:
        self.opened = opened

    async def __aenter__(self) -> Any:
        with boundary.inside():
            return await self.opened.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with boundary.inside():
            return await self.opened.__aexit__(kind, error, trace)


@asynccontextmanager
async def _late(opened: AbstractAsyncContextManager[Any], *, tells_session: bool) -> AsyncIterator[Any]:
    """Streams that open the transport when the first message is sent. One task group around, as in the transports."""
    import anyio

    to_program, read = anyio.create_memory_object_stream[Any](0)
    write, from_program = anyio.create_memory_object_stream[Any](0)
    ends = (to_program, read, write, from_program)

    async def carry() -> None:
        async with from_program, to_program:
            async for first in from_program:
                await _carry(opened, first, from_program, to_program)

    try:
        async with anyio.create_task_group() as group:
            with boundary.inside():
                group.start_soon(carry)
            yield (read, write, lambda: None) if tells_session else (read, write)
            group.cancel_scope.cancel()
    finally:
        for end in ends:
            end.close()


async def _carry(opened: AbstractAsyncContextManager[Any], first: Any, outgoing: Any, incoming: Any) -> None:
    import anyio

    async with AsyncExitStack() as stack:
        received, sent, *_ = await stack.enter_async_context(opened)

        async def back() -> None:
            async for message in received:
                await incoming.send(message)
            await incoming.aclose()

        async with anyio.create_task_group() as group:
            group.start_soon(back)
            await sent.send(first)
            async for message in outgoing:
                await sent.send(message)
            group.cancel_scope.cancel()
