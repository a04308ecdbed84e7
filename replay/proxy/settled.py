"""Whether the program, which is other processes, has taken in what it was given.

A program that waits for several answers at once reads them in an order of its own when they come together: who wins a
race would be chance, and another one on replay. So while several are on their way, a part for one connection is handed
over once the part before, for another, has been read, and the program waits again: all threads of the processes that
the proxy has started. A program that runs on for :data:`LIMIT` is not waited for, and that is counted (``unsettled``).

The system tells both on Linux alone. Elsewhere nothing is waited for, and each such part is counted.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

LIMIT: Final = 1.0
"""Seconds that the program may take to read a part, and to wait again."""

AFTERWARDS: Final = 0.02
"""The same, once it has taken longer :data:`OFTEN` in a row: it may be one that always computes."""

OFTEN: Final = 3

POLL: Final = 0.001
"""Seconds between two looks."""

_SEES: Final = sys.platform == "linux"

_REQUEST: Final = struct.Struct("=IHHII BBBxI")
_ADDRESSES: Final = struct.Struct("!HH4s12x4s12x")
_NO_INTERFACE_AND_NO_COOKIE: Final = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_UNREAD: Final = struct.Struct("=72xI")
_SOCK_DIAG_BY_FAMILY: Final = 20
_ANY_STATE: Final = 0xFFFFFFFF


class Pace:
    """That of one run, whose proxy listens at ``port``. ``flying``: how many answers are on their way."""

    def __init__(self, port: int) -> None:
        self.unsettled = 0
        self.flying = 0
        self._port = port
        self._last = 0
        self._crowd = 0
        self._missed = 0
        self._lock = asyncio.Lock()

    async def turn(self, peer: int) -> None:
        """Wait until a part may be handed over to the connection from the port ``peer``."""
        if peer == self._last and not self._lock.locked():
            return
        async with self._lock:
            is_alone = max(self.flying, self._crowd) < 2  # now, and when the part before was handed over
            if self._last not in (0, peer) and not is_alone and not await self._has_settled(self._last):
                self.unsettled += 1
            self._last, self._crowd = peer, self.flying

    async def _has_settled(self, peer: int) -> bool:
        """Twice in a row, lest one thread has woken another between the two looks at them."""
        until = time.monotonic() + (LIMIT if self._missed < OFTEN else AFTERWARDS)
        seen = 0
        while _SEES and time.monotonic() < until:
            seen = 0 if unread(peer, self._port) or is_busy(os.getpid()) else seen + 1
            if seen > 1:
                self._missed = 0
                return True
            await asyncio.sleep(0 if seen else POLL)
        self._missed += 1
        return False


def unread(peer: int, port: int) -> int:
    """Bytes that have come for the socket at 127.0.0.1:``peer``, from ``port``, and that nobody has read.

    0 also when there is no such socket any more, or when the system does not say. Asked is the kernel, as ``ss`` does
    (sock_diag(7)): a request for one socket by its two addresses.
    """
    here = socket.inet_aton("127.0.0.1")
    body = _ADDRESSES.pack(peer, port, here, here) + _NO_INTERFACE_AND_NO_COOKIE
    head = _REQUEST.pack(
        _REQUEST.size + len(body), _SOCK_DIAG_BY_FAMILY, 1, 1, 0, socket.AF_INET, socket.IPPROTO_TCP, 0, _ANY_STATE
    )
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as link:
            link.settimeout(POLL)
            link.send(head + body)
            said = link.recv(4096)
    except OSError:
        return 0
    kind = struct.unpack_from("=4xH", said)[0]
    count: int = _UNREAD.unpack_from(said)[0] if kind == _SOCK_DIAG_BY_FAMILY and len(said) >= _UNREAD.size else 0
    return count


def is_busy(parent: int) -> bool:
    """Whether a thread of a process below ``parent`` runs, or would if there were a processor or a disk for it."""
    return any(computes(child) or is_busy(child) for child in _children(parent))


def _children(process: int) -> Iterator[int]:
    for thread in _threads(process):
        with suppress(OSError), open(f"/proc/{process}/task/{thread}/children", "rb") as file:
            yield from map(int, file.read().split())


def computes(process: int) -> bool:
    """Whether a thread of ``process`` does not wait."""
    for thread in _threads(process):
        with suppress(OSError), open(f"/proc/{process}/task/{thread}/stat", "rb") as file:
            if file.read().rpartition(b")")[2].split()[0] in (b"R", b"D"):
                return True
    return False


def _threads(process: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{process}/task")
    except OSError:  # it has ended
        return []
