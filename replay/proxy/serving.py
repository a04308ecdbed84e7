"""The proxy's server: a thread with an event loop, for as long as the program runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from replay.engine.plan import Plan
from replay.engine.run import session_of
from replay.engine.session import Session
from replay.events import Note
from replay.proxy.app import App
from replay.proxy.crossing import Crossing
from replay.proxy.upstreams import NOTE, Upstreams
from replay.testing.listening import listen

KEEP_ALIVE = 24 * 60 * 60
"""Seconds that an idle connection stays open: one closed here just as the program asks would be an error in it."""

GRACE = 5
"""Seconds that requests in flight have to end, once the program has."""


@contextmanager
def serving(plan: Plan, upstreams: Upstreams, port: int = 0) -> Iterator[str]:
    """The address of a proxy that records or plays as ``plan`` says, for as long as the block lasts.

    Raises :class:`UsageError` when the port is taken or a swap matches nothing, :class:`CassetteError` when a file
    cannot be read or written, and at the end what went wrong within.
    """
    listener = listen(port)
    try:
        session = _opened(plan, upstreams)
    except BaseException:
        listener.close()
        raise
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with _running(session, upstreams, base, listener):
            yield base
    finally:
        session.close()


def _opened(plan: Plan, upstreams: Upstreams) -> Session:
    session = session_of(plan)
    if session.sink is not None:
        session.sink.note(Note(NOTE, {name: session.redactor.url(url) for name, url in upstreams.to_data().items()}))
    session.order.holding = False  # whether another process has settled cannot be seen
    session.open()
    return session


@contextmanager
def _running(session: Session, upstreams: Upstreams, base: str, listener: socket.socket) -> Iterator[None]:
    crossing = Crossing(session, listener.getsockname()[1])
    app = App(crossing, upstreams, base)
    server = uvicorn.Server(_config(app))

    async def serve() -> None:
        try:
            await server.serve([listener])
        except BaseException as error:
            app.broken = app.broken or error
            raise
        finally:
            await crossing.close()

    thread = Thread(target=lambda: asyncio.run(serve()), name="replay-proxy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
    if app.broken is not None:
        raise app.broken


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
