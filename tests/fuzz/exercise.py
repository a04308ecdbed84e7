"""All that is done with a cassette that somebody sent: nothing but our own error may come of it.

Watched by an audit hook: while a file is being used, nothing is executed, imported, connected to, or written outside
the scratch directory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from replay.cassette import Reader
from replay.cassette.behaviour import check_behaviour
from replay.cassette.file import File
from replay.cassette.hash import event_hash
from replay.cassette.repair import repair
from replay.cassette.signature import signatures
from replay.dialects.cassette import Cassette
from replay.errors import CassetteError
from replay.report.stable import stable

MAX_EVENTS = 30
FORBIDDEN = (
    *("exec", "compile", "import", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill"),
    *("subprocess.Popen", "socket.", "ctypes.", "marshal.", "pickle.", "code.", "function.", "os.chmod", "shutil."),
)
OURS = ("replay.", "brotli", "brotlicffi")
"""Imported late, from a table of ours."""

_watching: list[Path] = []
violations: list[str] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open":
        path, _, flags = args
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not _is_scratch(path):
            _violate(f"open {path!r} for writing")
    elif event.startswith(FORBIDDEN) and not (event == "import" and str(args[0]).startswith(OURS)):
        _violate(f"{event} {args!r:.200}")


def _is_scratch(path: object) -> bool:
    # A descriptor is of a file that was opened, and seen, before.
    return isinstance(path, int) or (isinstance(path, str) and Path(path).is_relative_to(_watching[0]))


def _violate(what: str) -> None:
    violations.append(what)
    raise SystemError(f"a cassette made the reader do this: {what}")


sys.addaudithook(_hook)


@contextmanager
def watched(scratch: Path) -> Iterator[None]:
    """Within, a violation is an error, also when something swallows it."""
    _watching.append(scratch)
    try:
        yield
    finally:
        _watching.clear()
    assert not violations, violations


def use(path: Path) -> None:
    """Use the file at ``path`` up. Raises AssertionError, or whatever should not have come out."""
    try:
        reader = Reader(str(path))
    except CassetteError as error:
        assert str(error)
        assert error.hint
        _mend(path)
        return
    for look in _looks(path, reader):
        with suppress(CassetteError):
            look()
    _mend(path)


def _looks(path: Path, reader: Reader) -> Iterator[Callable[[], Any]]:
    yield reader.verify
    yield lambda: check_behaviour(reader.header)
    yield lambda: list(islice(reader.keys(), 1000))
    yield lambda: reader.notes
    yield lambda: reader.reads
    for row in range(min(MAX_EVENTS, len(reader))):
        yield lambda row=row: reader.event_in_row(row)
    yield lambda: event_hash(reader.events[:MAX_EVENTS])
    yield lambda: signatures(File(str(path)))
    if len(reader) < MAX_EVENTS:
        cassette = Cassette(path, reader)
        yield lambda: [*stable(cassette)]
        yield lambda: (cassette.cost, cassette.usage, cassette.output)


def _mend(path: Path) -> None:
    """What `replay repair` makes of it is whole."""
    target = path.with_name("repaired.cassette")
    try:
        repair(str(path), str(target))
    except CassetteError:
        return
    problems = Reader(str(target)).verify()
    assert problems == [], problems
