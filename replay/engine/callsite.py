"""Which line of the program's own code made a call."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from types import FrameType

from replay.taps.own import is_own


def call_site() -> str:
    """``file:line`` of the innermost frame of the program's own code, or ``""``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if is_own(filename):
            return f"{shown(filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


@lru_cache(maxsize=4096)
def shown(filename: str) -> str:
    """Relative to the working directory where that is shorter: what a person would type."""
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return filename
