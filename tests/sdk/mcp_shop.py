"""Where MCP clients of the tests shop: a server process for SSE and streamable HTTP, and how to start one on pipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from replay.taps.boundary import inside

ROOT = Path(__file__).parents[2]
_SERVER = ("-m", "tests.sdk.mcp_server")


class Shop:
    """``log``: the file in which every server of the shop writes what it does."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._read = 0
        self._address = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Of the server that HTTP clients ask; it starts when the first of them wants to know."""
        if self._process is None:
            with inside():
                command = [sys.executable, *_SERVER, str(self.log), "http"]
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
                )
                assert self._process.stdout is not None
                self._address = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self._address

    def arguments(self, *more: str) -> list[str]:
        """What starts a server on pipes; ``more`` are further tools that it is to offer."""
        return [*_SERVER, str(self.log), "stdio", *more]

    def news(self) -> list[str]:
        """What has been done since the last time of asking, in order."""
        with inside():
            lines = self.log.read_text().split() if self.log.exists() else []
        self._read, before = len(lines), self._read
        return lines[before:]

    def close(self) -> None:
        if self._process is not None:
            with self._process as process:
                assert process.stdin is not None
                process.stdin.close()
