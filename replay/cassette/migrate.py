"""Formats over time. Each released format has a number, a sample file that a test opens for ever, and, once there is
a newer one, a converter to the next number in :data:`STEPS`. A file is converted while it is opened; it stays as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable

from replay.cassette.source import Plain, Source
from replay.errors import CassetteError

Step = Callable[[Source], Iterable[bytes]]

STEPS: dict[int, Step] = {}
"""Format number -> a function that takes the bytes of such a file and gives those of a file one format newer."""


def converted(source: Source, path: str, found: int, current: int) -> Source:
    """``source``, which is of format ``found``, in the ``current`` format.

    Raises :class:`CassetteError` for a format that is newer, or never was.
    """
    if found > current:
        raise CassetteError(
            f"{path} has format {found}, this version reads up to {current}", hint="upgrade replay-debugger to open it"
        )
    for number in range(found, current):
        step = STEPS.get(number)
        if step is None:
            raise CassetteError(f"{path} has format {number}, which never was", hint="the first bytes are damaged")
        source = _kept(step(source))
    return source


def _kept(pieces: Iterable[bytes]) -> Source:
    """In a file without a name, so that it goes when it is closed."""
    with tempfile.TemporaryFile() as file:
        file.writelines(pieces)
        file.flush()
        return Plain(os.dup(file.fileno()))
