"""What a cancelled task is told. Each library of event loops has a class of its own."""

from __future__ import annotations

from asyncio import CancelledError

CLASSES: list[type[BaseException]] = [CancelledError]
"""asyncio's, and those of the other libraries that are loaded."""

AT_EACH_CHECKPOINT: list[type[BaseException]] = []
"""Those of libraries that go on telling it: a task that was told once, and waits to clean up, is told again."""


def failed() -> tuple[type[BaseException], ...]:
    """What ends a call, for an ``except`` clause whose body may wait for the call's turn to end."""
    return (Exception, *AT_EACH_CHECKPOINT)


def failed_or_cancelled() -> tuple[type[BaseException], ...]:
    return (Exception, *CLASSES)


def cancelled() -> tuple[type[BaseException], ...]:
    """For an ``except`` clause: looked at only when something is raised."""
    return tuple(CLASSES)
