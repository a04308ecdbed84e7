"""Finding cassettes on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from replay.errors import UsageError

SUFFIXES = (".cassette", ".cassette.zst")


def newest() -> str:
    """The cassette written last in the working directory or its ``cassettes``. Raises :class:`UsageError`."""
    found = [path for folder in (".", "cassettes") for path in _in(Path(folder)) if path.is_file()]
    if not found:
        raise UsageError("there is no cassette in . and ./cassettes", hint="replay record -- python agent.py")
    return str(max(found, key=lambda path: path.stat().st_mtime_ns))


def below(folder: str) -> Iterator[Path]:
    """All cassettes below ``folder``, outside hidden directories, sorted by name."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        yield from (Path(place, name) for name in sorted(names) if name.endswith(SUFFIXES))


def _in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*") if path.name.endswith(SUFFIXES))
