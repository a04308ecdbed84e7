"""What the program's own code read of its world: files and environment variables, noted so that a replay can say which
of them changed since the recording.

Contents are not kept, only digests under a key that is the user's and lies outside the cassette
(:mod:`replay.engine.userkey`). Of variables with secret-like names it is only kept whether they were set. For sessions
of a whole process only: the hooks are for good.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any

from replay.canon.names import VARIABLE
from replay.engine import userkey
from replay.engine.session import Session
from replay.events import Note
from replay.taps import boundary
from replay.taps.own import is_own
from replay.taps.patch import wrap

KIND = "input"
"""Of the notes: ``{file, size[, key, digest]}`` or ``{variable, set[, key, digest]}``."""

MOST = 1000
LARGEST = 10 * 2**20
"""Inputs noted by one process, and bytes up to which a file has a digest."""

_TO_VARIABLES = ("os", "collections.abc", "_collections_abc")
_TO_FILES = (
    "asyncio", "bz2", "codecs", "concurrent", "configparser", "contextlib", "fileinput", "functools", "gzip",
    "importlib.resources", "io", "lzma", "os", "pathlib", "replay.engine.spawn", "shutil", "tarfile", "threading",
    "zipfile",
)  # fmt: skip
"""Modules through which a caller reads what it names, or has it read in a thread."""
_PASSING = ("/proc/", "/sys/", "/dev/", "/run/", "/tmp/", "/var/tmp/", "/var/folders/", "/private/")
"""Places whose files come and go."""
_SET_BY_US = ("REPLAY_", "PYTHONPATH", "PYTHONHASHSEED")


def attach(session: Session) -> None:
    """Watch, for the life of this process, what the program of ``session`` reads."""
    world = World(session)
    sys.addaudithook(world.opened)
    wrap(type(os.environ), "__getitem__", world.getitem)
    wrap(type(os.environ), "__iter__", world.iterator)


class World:
    """The inputs of one process, each at its first read: noted by a recording, compared by a replay.

    A file that the program wrote before is no input.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.base = os.getcwd()
        self.ours = tuple(filter(None, (session.plan.cassette, session.plan.save, session.plan.report)))
        self.seen: set[str] = set()
        self.recorded = noted(session.source.notes if session.source is not None else ())
        self.here = _Here()

    # Files -----------------------------------------------------------------------------------------------------------

    def opened(self, event: str, args: tuple[Any, ...]) -> None:
        """The audit hook."""
        if event != "open" or self.here.busy or not self._is_on():
            return
        if not _is_of_the_program(sys._getframe().f_back, _TO_FILES):
            return
        self.here.busy = True
        try:
            path, _, flags = args
            if isinstance(path, str | bytes):
                self._open(os.path.abspath(os.fsdecode(path)), flags)
        except Exception:  # of a path that is none, or an event that is not the interpreter's: the program hears of it
            return
        finally:
            self.here.busy = False

    def _open(self, path: str, flags: int) -> None:
        if flags & os.O_ACCMODE == os.O_WRONLY or flags & os.O_TRUNC:
            self.seen.add(path)
        elif path not in self.seen:
            self.seen.add(path)
            self._file(path)

    def _file(self, path: str) -> None:
        name = self._name(path)
        if name:
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                digest = userkey.digest_of_file(path) if status.st_size <= LARGEST else {}
                self._met(name, {"file": name, "size": status.st_size, **digest})

    def _name(self, path: str) -> str:
        """Relative to where the program was started; of a file elsewhere its last part; empty if it is no input."""
        if path.startswith(self.ours) or path.endswith((".py", ".pyc")) or "/site-packages/" in path:
            return ""
        if path.startswith(os.path.join(self.base, "")):
            return os.path.relpath(path, self.base).replace(os.sep, "/")
        return "" if path.startswith(_PASSING) else os.path.basename(path)

    # Variables -------------------------------------------------------------------------------------------------------

    def getitem(self, original: Callable[..., str]) -> Callable[..., str]:
        def getitem(environ: Any, key: str) -> str:
            if isinstance(key, str) and self._is_on() and not self._is_listed(key) and key not in self.seen:
                self._variable(environ, original, key)
            return original(environ, key)

        return getitem

    def iterator(self, original: Callable[..., Iterator[str]]) -> Callable[..., Iterator[str]]:
        """Who copies the environment asks for each variable, in this order: that is not yet reading one."""

        def iterator(environ: Any) -> Iterator[str]:
            names = list(original(environ))
            self.here.listed = names[::-1]
            return iter(names)

        return iterator

    def _is_listed(self, key: str) -> bool:
        listed = self.here.listed
        if listed and listed[-1] == key:
            listed.pop()
            return True
        self.here.listed = []
        return False

    def _variable(self, environ: Any, original: Callable[..., str], name: str) -> None:
        if name.startswith(_SET_BY_US) or not _is_of_the_program(sys._getframe(2), _TO_VARIABLES):
            return
        self.seen.add(name)
        try:
            value = original(environ, name)
        except KeyError:
            self._met(f"${name}", {"variable": name, "set": False})
            return
        digest = {} if VARIABLE.search(name) else userkey.digest(os.fsencode(value))
        self._met(f"${name}", {"variable": name, "set": True, **digest})

    # Both ------------------------------------------------------------------------------------------------------------

    def _is_on(self) -> bool:
        return self.session.is_open and len(self.seen) < MOST and not boundary.is_inside()

    def _met(self, name: str, facts: dict[str, Any]) -> None:
        if self.session.sink is not None:
            self.session.inputs.append(Note(KIND, facts))
        before = self.recorded.get(name)
        if before and all(differ(facts, each) for each in before):
            self.session.result.changed_inputs.append(name)


class _Here(threading.local):
    """``busy``: this thread is looking at a file itself. ``listed``: variables that a copy will ask for, last first."""

    busy = False
    listed: list[str] = []  # noqa: RUF012 - replaced, never changed


def noted(notes: Iterable[Note]) -> dict[str, list[dict[str, Any]]]:
    """What ``notes`` say of each input. Processes may have found an input different: each counts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for note in notes:
        if note.kind == KIND and isinstance(note.data, dict):
            name = note.data.get("file") or f"${note.data.get('variable')}"
            found.setdefault(str(name), []).append(note.data)
    return found


def differ(now: dict[str, Any], then: dict[str, Any]) -> bool:
    """Whether they certainly differ: digests tell only under the same key."""
    if any(now.get(field) != then.get(field) for field in ("size", "set")):
        return True
    known = now.get("key") is not None and now.get("key") == then.get("key")
    return known and now.get("digest") != then.get("digest")


def _is_of_the_program(frame: FrameType | None, through: tuple[str, ...]) -> bool:
    """Whether the program's own code reads, by itself or through these modules; the interpreter has no frame."""
    interpreter = frame is None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not any(module == name or module.startswith(f"{name}.") for name in through):
            return is_own(frame.f_code.co_filename)
        frame = frame.f_back
    return not interpreter
