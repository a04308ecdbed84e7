"""What the program reads that is another thing in every run, by source line: for ``replay doctor --run``.

Two kinds. What a recording keeps and a replay serves again (the clock, the dice) is of no consequence. What nobody
serves again (an address in memory, a process id, the order of a directory, a temporary name) is, when it gets into a
request. Both are noted with the line of the program's own code that read them, and the second kind with its values.

For sessions of a whole process only: builtins are replaced for good.
"""

from __future__ import annotations

import atexit
import builtins
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.engine.callsite import call_site
from replay.taps import boundary, byname
from replay.taps.own import is_own
from replay.taps.patch import wrap
from replay.taps.reading import StandIn

if TYPE_CHECKING:
    from replay.engine.session import Session

MOST = 2000
"""Lines noted by one process."""

VALUES = 50
"""Values kept of one line, and their length in characters."""
LONGEST = 200


@dataclass(slots=True)
class Source:
    """``name``: what was read (``os.getpid``); ``where``: file:line; ``served``: a replay gives it the recorded value;
    ``values``: the last ones read there, as text."""

    name: str
    where: str
    served: bool
    values: list[str] = field(default_factory=list)


def attach(report: str) -> None:
    """Note the reads of this process from now on; they are written into the directory ``report`` at its end."""
    from replay.engine.session import Session

    notes = _Notes()
    wrap(Session, "read", notes.served)
    byname.replace([StandInNoting(notes, name, real, direct=direct).pair for name, real, direct in _unserved()])
    tempfile._get_candidate_names = notes.names(tempfile._get_candidate_names)  # type: ignore[attr-defined]
    atexit.register(notes.tell, Path(report, f"{os.getpid()}.sources"))


def _unserved() -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Name, function, and whether only a direct call by the program counts: libraries call these all the time."""
    yield "id", builtins.id, True
    yield "hash", builtins.hash, True
    yield "threading.get_ident", threading.get_ident, True
    yield "threading.get_native_id", threading.get_native_id, True
    yield "os.getpid", os.getpid, True
    yield "os.getppid", os.getppid, True
    yield "os.listdir", os.listdir, False
    yield "os.scandir", os.scandir, False


class StandInNoting(StandIn):
    """Stands in for ``real`` and notes who called it."""

    def __init__(self, notes: _Notes, name: str, real: Callable[..., Any], *, direct: bool) -> None:
        super().__init__(real)
        self.notes = notes
        self.name = name
        self.direct = direct

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value = self.real(*args, **kwargs)
        if not boundary.is_inside() and (not self.direct or is_own(sys._getframe(1).f_code.co_filename)):
            self.notes.add(self.name, call_site(), value)
        return value


class _Notes:
    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Source] = {}

    def add(self, name: str, where: str, value: Any = None, *, served: bool = False) -> None:
        """Note one read. Without a line of the program's own it is nothing that a person could change."""
        if not where or len(self.found) >= MOST:
            return
        source = self.found.setdefault((name, where), Source(name, where, served))
        text = "" if value is None or served else _text(value)
        if text and text not in source.values:
            source.values = [*source.values[1 - VALUES :], text]

    def served(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def read(session: Session, source: str, real: Callable[[], Any]) -> Any:
            self.add(source.partition(":")[0].partition(" ")[0], call_site(), served=True)
            return original(session, source, real)

        return read

    def names(self, original: Callable[[], Iterator[str]]) -> Callable[[], Iterator[str]]:
        """Every temporary file and directory takes its name from one iterator."""

        def get_candidate_names() -> Iterator[str]:
            for name in original():
                self.add("tempfile", call_site(), name)
                yield name

        return get_candidate_names

    def tell(self, path: Path) -> None:
        if path.parent.is_dir():
            facts = {"sources": [asdict(source) for source in self.found.values()], "files": sorted(_own_files())}
            path.write_text(json.dumps(facts), encoding="utf-8")


def _text(value: Any) -> str:
    return (str(value) if isinstance(value, int | str) else "")[:LONGEST]


def _own_files() -> Iterator[str]:
    """The program's own source files that are loaded. By now the interpreter has made ``__main__`` forget its own."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    for file in {*files, sys.argv[0]}:
        if isinstance(file, str) and file.endswith(".py") and is_own(file):
            yield os.path.abspath(file)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the processes of one run read, and the program's own source files."""

    reads: tuple[Source, ...] = ()
    files: tuple[str, ...] = ()


def load(report: str) -> Sources:
    """What the processes of a run left in the directory ``report``."""
    told = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(Path(report).glob("*.sources"))]
    reads = [Source(**each) for facts in told for each in facts["sources"]]
    return Sources(tuple(reads), tuple(sorted({file for facts in told for file in facts["files"]})))
