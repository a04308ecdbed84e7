"""A loopback HTTP server that sends exactly the bytes it is told to, when it is told to.

A script is a list of steps: bytes are sent, an event is waited for, RESET and CLOSE end the connection. Without these
two the connection stays open for the next request. Several scripts for one path are used up in turn; the last stays.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DEADLINE = 20
"""Seconds until a wait for an event is a failed test."""

RESET = "reset"
CLOSE = "close"

Step = bytes | threading.Event | str


def head(*fields: str, status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"{version} {status}", *fields, "", ""]).encode("latin-1")


def answer(body: bytes = b"", *fields: str, status: str = "200 OK") -> bytes:
    """A whole response of known length."""
    return head(*fields, f"Content-Length: {len(body)}", status=status) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNKED = "Transfer-Encoding: chunked"
LAST = b"0\r\n\r\n"


class Server:
    """``requests`` holds method, path and body of every request, ``connections`` how many there were."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self._scripts: dict[str, list[tuple[Step, ...]]] = {}
        self._awaited: list[threading.Event] = []
        self._open: set[socket.socket] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def on(self, path: str, *script: Step) -> str:
        """Add a script for ``path``; the URL."""
        self._scripts.setdefault(path, []).append(script)
        self._awaited += [step for step in script if isinstance(step, threading.Event)]
        return self.url + path

    def stop(self) -> None:
        """Close the listener and every connection: from here on there is no network."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self._open):
            connection.close()
        for event in self._awaited:
            event.set()  # nobody comes any more: the thread that waits for it can go
        self._thread.join(DEADLINE)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as reader:
                while (path := self._request(reader)) and self._play(connection, path):
                    pass
        except (OSError, ValueError):  # the client went away
            pass
        finally:
            self._open.discard(connection)

    def _request(self, reader: socket.SocketIO) -> str:
        line = reader.readline().decode()
        if not line:
            return ""
        fields = dict(self._fields(reader))
        method, path, _ = line.split(" ")
        self.headers.append(fields)
        self.requests.append((method, path, self._body(reader, fields)))
        return path

    def _fields(self, reader: socket.SocketIO) -> Iterator[tuple[str, str]]:
        while (line := reader.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _body(self, reader: socket.SocketIO, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding") != "chunked":
            return reader.read(int(fields.get("content-length", 0)))
        body = b""
        while size := int(reader.readline(), 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
        return body

    def _play(self, connection: socket.socket, path: str) -> bool:
        scripts = self._scripts[path]
        for step in scripts.pop(0) if len(scripts) > 1 else scripts[0]:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, threading.Event):
                assert step.wait(DEADLINE), f"{path}: nobody came to let the next step happen"
                if self._stopped.is_set():
                    return False
            else:
                if step == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return True


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
