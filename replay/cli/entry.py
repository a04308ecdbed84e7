"""How to run a recorded program again, also from another checkout and on another machine.

Kept is what the user typed. The interpreter is named relative to the working directory (``.venv/bin/python``) or to the
home directory; a replay runs in the directory where it is asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from replay.errors import UsageError
from replay.events import Entry

_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?(\.exe)?")
_OPTION = re.compile(r"-(?!-|$)([^cmWX]*)([cmWX]?)(.*)")
"""Flags, then perhaps an option that takes the rest of the word, or the next one, as its value (``-uWerror``)."""
_SHUTS_OUT = "IES"
"""Options under which an interpreter hears neither PYTHONPATH (-I, -E) nor ``sitecustomize`` (-I does, -S does not)."""


def entry_of(argv: tuple[str, ...]) -> Entry:
    """What the cassette keeps of the command line ``argv``. Raises :class:`UsageError` when it cannot be run."""
    found = shutil.which(argv[0])
    if found is None:
        raise UsageError(f"there is no program {argv[0]}", hint=_suggestion(argv))
    _check_options(argv)
    python = _portable(Path(found).absolute(), (Path.cwd(), "")) if _is_python(argv[0]) else ""
    return Entry(argv=argv, python=python)


def command_of(entry: Entry, cassette: str) -> tuple[tuple[str, ...], str]:
    """The command line that runs ``entry`` here, and a remark if that is not quite the recorded one.

    Raises :class:`UsageError` when there is nothing to run.
    """
    if not entry.argv:
        raise UsageError(_without_argv(entry, cassette), hint=_run_it_yourself(entry, cassette))
    program, *words = entry.argv
    if not _is_python(program):
        if shutil.which(program) is None:
            raise UsageError(
                f"the recorded program {program} is not here",
                hint=f"replay play {cassette} -- CMD, with the program's path",
            )
        return entry.argv, ""
    recorded = Path(entry.python).expanduser() if entry.python else None
    if recorded is not None and os.access(recorded, os.X_OK):
        return (str(recorded), *words), ""
    remark = f"the interpreter that recorded ({entry.python or program}) is not here; this one runs: {sys.executable}"
    return (sys.executable, *words), remark


def checked(argv: tuple[str, ...]) -> tuple[str, ...]:
    """``argv`` as it is. Raises :class:`UsageError` when it cannot be run, or not be watched."""
    entry_of(argv)
    return argv


def script_name(argv: tuple[str, ...]) -> str:
    """What a person calls the program: its script or module without directories and suffix."""
    if not _is_python(argv[0]):
        return Path(argv[0]).stem
    _, rest = _interpreter_options(argv)
    if rest[:1] == ("-m",) and len(rest) > 1:
        return rest[1].rpartition(".")[2]
    return Path(rest[0]).stem if rest and not rest[0].startswith("-") else Path(argv[0]).stem


def _check_options(argv: tuple[str, ...]) -> None:
    if not _is_python(argv[0]):
        return
    letters, _ = _interpreter_options(argv)
    for letter in _SHUTS_OUT:
        if letter in letters:
            raise UsageError(
                f"python -{letter} shuts the recorder out: it does not hear PYTHONPATH and sitecustomize",
                hint=f"leave -{letter} out, or use replay.record(…) in the program",
            )


def _interpreter_options(argv: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The letters of the interpreter's own options, and the words from the script (or ``-c``, ``-m``) on."""
    letters, at = "", 1
    while at < len(argv) and (match := _OPTION.fullmatch(argv[at])):
        flags, with_value, value = match.groups()
        letters += flags
        if with_value in ("c", "m"):
            break
        at += 2 if with_value and not value else 1
    return letters, argv[at:]


def _is_python(program: str) -> bool:
    return _PYTHON.fullmatch(os.path.basename(program)) is not None


def _portable(path: Path, *bases: tuple[Path, str]) -> str:
    for base, prefix in (*bases, (Path.home(), "~/")):
        if path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}"
    return str(path)


def _suggestion(argv: tuple[str, ...]) -> str:
    if _is_python(argv[0]):
        return f"replay record -- {sys.executable} …"
    return "is the path right, and can the file be executed? a script is run by: python SCRIPT"


def _without_argv(entry: Entry, cassette: str) -> str:
    made_by = f"the test {entry.node}" if entry.node else f"the function {entry.function}" if entry.function else ""
    if not made_by:
        return f"{cassette} does not say what program it is of"
    return f"{cassette} was recorded by {made_by}, not by a command line"


def _run_it_yourself(entry: Entry, cassette: str) -> str:
    return f"pytest {entry.node}" if entry.node else f"replay play {cassette} -- CMD"
