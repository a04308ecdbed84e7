"""A socket of this machine that listens."""

from __future__ import annotations

import socket

from replay.errors import UsageError


def listen(port: int) -> socket.socket:
    """A socket that listens on loopback; 0 picks a free port. Raises :class:`UsageError` when the port is taken."""
    # The protocol is named, for only then does asyncio switch Nagle's algorithm off: with it one chunk after another
    # waits for the other side's delayed acknowledgement, 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} is taken: {error.strerror}", hint="choose another with --port") from error
    listener.listen(2048)
    return listener
