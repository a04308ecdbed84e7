"""Formats over time. Each released format has a number, a sample file that a test opens for ever, and, once there is
a newer one, a converter to the next number in :data:`STEPS`."""

from __future__ import annotations

from collections.abc import Callable

from replay.errors import CassetteError

STEPS: dict[int, Callable[[str], str]] = {}
"""Format number -> a function that takes the path of such a file and returns that of a file one format newer."""


def check_format(path: str, found: int, current: int) -> None:
    """Raises :class:`CassetteError` unless a file of format ``found`` can be read by this version."""
    if found > current:
        raise CassetteError(
            f"{path} has format {found}, this version reads up to {current}", hint="upgrade replay-debugger to open it"
        )
    if found != current and found not in STEPS:
        raise CassetteError(f"{path} has format {found}, which never was", hint="the first bytes are damaged")
