"""Where a replay writes what it does, which nobody looks at unless the test fails: in memory, if the system can."""

from __future__ import annotations

import os
import shutil
import tempfile
from itertools import count
from pathlib import Path

MEMORY = Path("/dev/shm")
"""A file system in memory, on Linux. Creating and removing a file on a busy disk takes milliseconds, each time."""

SPARE = 8
"""How many times the size of a cassette must be free for a replay of it: a replay that departs writes more."""


class Scratch:
    """A directory of this process for as long as the object lives."""

    def __init__(self) -> None:
        self._numbers = count()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
            self._folder = tempfile.TemporaryDirectory(prefix="replay-", dir=MEMORY, ignore_cleanup_errors=True)

    def path(self, cassette: Path) -> Path | None:
        """A new file's path for a replay of ``cassette``; None when there is no such place, or too little of it."""
        if self._folder is None:
            return None
        free = shutil.disk_usage(self._folder.name).free
        if free < SPARE * os.stat(cassette).st_size + (1 << 20):
            return None
        return Path(self._folder.name, f"{next(self._numbers)}.cassette")

    def close(self) -> None:
        """Remove it with all that is in it."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()
