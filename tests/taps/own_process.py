"""A server in a process of its own, so that the client in this one is alone in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Server:
    """The module that runs in ``process`` has printed its port."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.process = process
        self.host = f"127.0.0.1:{int(process.stdout.readline())}"
        self.url = f"ws://{self.host}"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(module: str) -> Iterator[Server]:
    with subprocess.Popen([sys.executable, "-m", module], stdout=subprocess.PIPE) as process:
        server = Server(process)
        try:
            yield server
        finally:
            server.stop()
