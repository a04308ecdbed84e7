"""A loopback port in front of another one: it counts who comes through, and it can be shut for good.

The model server lives for the whole session; a test that has recorded shuts its own door, and from then on the address
that its agent knows refuses every connection.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading

from replay.taps.boundary import inside

_AT_ONCE = 65_536
_NO_LINGER = struct.pack("ii", 1, 0)


class Door:
    """``connections`` counts those that came; ``port`` is where."""

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._bell, self._ear = socket.socketpair()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._watch = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def shut(self) -> None:
        """Close the port and every connection. Doing it twice changes nothing."""
        if self._thread.is_alive():
            self._bell.send(b"!")
            self._thread.join()
        self._bell.close()

    def _run(self) -> None:
        with inside(), self._watch, self._listener, self._ear:
            self._watch.register(self._listener, selectors.EVENT_READ)
            self._watch.register(self._ear, selectors.EVENT_READ)
            while self._turn():
                pass
            for one in list(self._peers):
                one.close()

    def _turn(self) -> bool:
        ready = [key.fileobj for key, _ in self._watch.select()]
        for one in ready:
            if one is self._listener:
                self._accept()
            elif one in self._peers:
                self._pass_on(one)
        return self._ear not in ready

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.connections += 1
        server = socket.create_connection(("127.0.0.1", self.behind))
        for one, other in ((client, server), (server, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._watch.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        try:
            data = one.recv(_AT_ONCE)
            self._peers[one].sendall(data)
        except OSError:
            self._end(one, by=_NO_LINGER)
            return
        if not data:
            self._end(one)

    def _end(self, one: socket.socket, by: bytes | None = None) -> None:
        """One side has ended; the other gets the same end, a reset as a reset."""
        other = self._peers.pop(one)
        self._peers.pop(other)
        for each in (one, other):
            if by is not None:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, by)
            self._watch.unregister(each)
            each.close()
