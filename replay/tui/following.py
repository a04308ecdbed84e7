"""A cassette that is still being written, looked at again whenever it has grown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from replay.dialects.cassette import Cassette, open_cassette
from replay.errors import CassetteError

PERIOD = 0.3
"""Seconds between two looks at the file."""


class Growing:
    """The cassette at ``path``, which may not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None

    def look(self) -> Cassette | None:
        """The cassette as it is now, if it changed since the last look and can be read."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        seen = (found.st_size, found.st_mtime_ns)
        if seen == self._seen:
            return None
        try:
            opened = open_cassette(self.path)
        except CassetteError:  # its first frame is not whole yet
            return None
        self._seen = seen
        return opened


def look_when_grown(growing: Growing, show: Callable[[Cassette], None]) -> Callable[[], None]:
    """A function to be called now and then, which shows what is new."""

    def look() -> None:
        opened = growing.look()
        if opened is not None:
            show(opened)

    return look
