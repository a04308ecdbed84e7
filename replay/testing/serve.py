"""Serving: the uvicorn process that :mod:`replay.testing.server` starts and ``python -m replay.testing`` runs."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from importlib.util import find_spec
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from replay.testing.app import application
from replay.testing.listening import listen
from replay.testing.service import Service


class _Protocol(H11Protocol):
    """Tells the application its transport, so that a scripted fault can reset the connection."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def serve(service: Service, port: int = 0, *, until_eof: bool = False) -> None:
    """Serve on loopback until stopped; 0 picks a free port. The first line on stdout is the port.

    ``until_eof``: end when stdin does, so that the server never outlives the process that holds the other end.
    Raises :class:`UsageError` when the port is taken.
    """
    listener = listen(port)
    chosen = listener.getsockname()[1]
    print(chosen, flush=True)
    if not until_eof:
        print(f"replay: models and tools at http://127.0.0.1:{chosen}; Ctrl-C stops them", file=sys.stderr)
    asyncio.run(_run(service, listener, until_eof))


async def _run(service: Service, listener: socket.socket, until_eof: bool) -> None:
    talks: Any = "websockets-sansio" if find_spec("websockets") else "none"
    config = uvicorn.Config(
        application(service), http=_Protocol, ws=talks, lifespan="off", log_level="error", access_log=False
    )
    if until_eof:
        asyncio.get_running_loop().run_in_executor(None, _leave_at_eof)
    await uvicorn.Server(config).serve([listener])


def _leave_at_eof() -> None:
    """Leave at once: there is nothing to save, and requests that hang on purpose would hold up a graceful end."""
    sys.stdin.buffer.read()
    os._exit(0)
