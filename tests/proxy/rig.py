"""What the tests of the proxy run: an upstream that sends the very bytes it is told, and the console script."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.rig import REPLAY, environment

LIMIT = 120.0
"""Seconds after which a test that hangs gives up."""

Behaviour = Callable[[socket.socket, bytes], None]


class Upstream:
    """A service that answers the requests it gets by ``behave(connection, request)``.

    It keeps connections open, as it says: one that it closed while the next request is on its way would be an error.
    """

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(LIMIT)
            while request := read_request(connection):
                self.requests.append(request)
                self.behave(connection, request)


@contextmanager
def upstream(behave: Behaviour) -> Iterator[Upstream]:
    made = Upstream(behave)
    threading.Thread(target=made.run, daemon=True).start()
    try:
        yield made
    finally:
        made.listener.shutdown(socket.SHUT_RDWR)
        made.listener.close()


def read_request(connection: socket.socket) -> bytes:
    """One request whose length its head tells."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head = data.partition(b"\r\n\r\n")[0]
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower()[:15] == b"content-length:"), 0
    )
    while len(data) < len(head) + 4 + length:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    return data


def whole(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """An answer in one piece."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
"""The head of an answer in chunks."""

LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def connect(address: str, holds: int = 0) -> socket.socket:
    """``holds``: bytes that may come and are not read yet; 0 leaves that to the system."""
    host, _, port = address.removeprefix("http://").partition("/")[0].partition(":")
    made = socket.socket()
    made.settimeout(LIMIT)
    if holds:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, holds)
    made.connect((host, int(port)))
    return made


def request(path: str, body: bytes = b"{}", method: str = "POST", *fields: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: here", "connection: close", f"content-length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_until(connection: socket.socket, ending: bytes) -> bytes:
    """What comes up to and including ``ending``."""
    data = b""
    while not data.endswith(ending):
        piece = connection.recv(1)
        assert piece, data
        data += piece
    return data


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def ask(address: str, path: str, body: bytes = b"{}", *fields: str, method: str = "POST") -> bytes:
    """The very bytes that come back."""
    with connect(address) as connection:
        connection.sendall(request(path, body, method, *fields))
        return read_all(connection)


@dataclass
class Proxy:
    """A running ``replay proxy`` at ``base``. Once it has ended: its ``code``, and what it ``said`` since."""

    base: str = ""
    code: int = -1
    said: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> bytes:
        return self.base.rpartition(":")[2].encode()


@contextmanager
def proxy(folder: Path, *words: str, **extra: str) -> Iterator[Proxy]:
    """``replay proxy WORDS`` without a program, ended by Ctrl-C."""
    process = subprocess.Popen(
        [REPLAY, "proxy", *words], cwd=folder, env=environment(**extra), stderr=subprocess.PIPE, text=True
    )
    told = threading.Timer(LIMIT, process.kill)
    told.start()
    try:
        running = Proxy()
        for line in process.stderr:
            running.lines.append(line)
            if "Ctrl-C" in line:
                break
        assert "Ctrl-C" in "".join(running.lines), running.lines
        running.base = re.search(r"http://127.0.0.1:\d+", running.lines[0]).group()
        yield running
        process.send_signal(signal.SIGINT)
        running.said = process.communicate()[1]
        running.code = process.returncode
    finally:
        told.cancel()
        process.kill()
        process.wait()
        process.stderr.close()
