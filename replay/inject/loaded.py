"""Which network libraries the program loaded: what to say when a recording stayed empty."""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

from replay.taps import TAPS

UNTAPPED = (
    "curl_cffi",
    "httpcore",
    "pycurl",
    "urllib3_future",
    "websocket",
    "websockets.legacy.client",
)
"""Modules that can reach a model and that no tap of ours sees by themselves."""

_OURS = "http.client"
"""Loaded by our own code, so that it says nothing of the program."""


def tell_at_exit(report: str) -> None:
    """When this process ends, write the names of the libraries it loaded into the directory ``report``."""
    atexit.register(_tell, Path(report, f"{os.getpid()}.loaded"), os.getpid())


def _tell(path: Path, process: int) -> None:
    # A forked child inherits the registration, and may outlive the directory.
    if os.getpid() == process and path.parent.is_dir():
        path.write_text(
            "\n".join([name for name in (*TAPS, *UNTAPPED) if name in sys.modules and name != _OURS]), encoding="utf-8"
        )


def names(report: str) -> list[str]:
    """The libraries that the processes of a run loaded, sorted."""
    return sorted({name for file in Path(report).glob("*.loaded") for name in file.read_text("utf-8").split()})
