"""Clocks that stay real inside a session, which replaces those that modules know by name."""

from __future__ import annotations

import time
from typing import Final


class Cpu:
    """Seconds: ``process`` and ``thread`` of CPU time, ``wall`` of time."""

    process: Final = staticmethod(time.process_time)
    thread: Final = staticmethod(time.thread_time)
    wall: Final = staticmethod(time.perf_counter)
