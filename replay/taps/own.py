"""Which code is the program's own."""

from __future__ import annotations

import sysconfig
from functools import lru_cache
from pathlib import Path

_PACKAGE = str(Path(__file__).parent.parent) + "/"
_LIBRARIES = tuple(
    {sysconfig.get_path(name) + "/" for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(sysconfig.get_path("stdlib")).resolve()) + "/"}
)


@lru_cache(maxsize=4096)
def is_own(filename: str) -> bool:
    """Whether ``filename`` is the program's own code: neither a library nor ours nor generated (``<string>``)."""
    if filename.startswith(("<", _PACKAGE)):
        return False
    return "/site-packages/" not in filename and not filename.startswith(_LIBRARIES)
