"""Running a recorded program within a test, as ``python SCRIPT`` would, but in this process."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def run_script(path: str, *arguments: str) -> int:
    """Run the script at ``path`` to its end; its exit code. An exception that it does not catch is raised."""
    with _started((path, *arguments), os.path.dirname(os.path.abspath(path))):
        return _code(lambda: runpy.run_path(path, run_name="__main__"))


def run_module(name: str, *arguments: str) -> int:
    """The same for ``python -m NAME``."""
    with _started((name, *arguments), os.getcwd()):
        return _code(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _code(run: Any) -> int:
    """As the interpreter has it: text is an error message and means 1."""
    try:
        run()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0


@contextmanager
def _started(argv: tuple[str, ...], folder: str) -> Iterator[None]:
    """What the interpreter sets up; modules from beside the script are found, and stay loaded."""
    before = sys.argv, list(sys.path)
    sys.argv = list(argv)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
