"""A bug of ours: a report that can be sent to anybody, since it holds no value of the run."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from collections.abc import Iterator
from importlib.metadata import version


def report(error: BaseException) -> str:
    """Write which exceptions came from which lines of code, without messages and local variables; return the path."""
    handle, path = tempfile.mkstemp(prefix="replay-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"replay {version('replay-debugger')}, Python {platform.python_version()}, {platform.system()}\n")
        file.writelines(f"{line}\n" for line in _lines(error))
    return path


def _lines(error: BaseException | None) -> Iterator[str]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {_shown(frame.filename)}:{frame.lineno} {frame.name}"
        error = error.__cause__ or error.__context__


def _shown(path: str) -> str:
    """From the package on: where it is installed is nobody's business."""
    for mark in ("site-packages", f"{os.sep}replay{os.sep}"):
        before, found, after = path.rpartition(mark)
        if found:
            return f"{found.strip(os.sep)}{os.sep}{after.lstrip(os.sep)}" if before else path
    return os.path.basename(path)
