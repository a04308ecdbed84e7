"""What can go wrong, and the exit code each error means.

::

    ReplayError                 everything a caller may want to catch
    ├── UsageError         2    you asked for something that cannot be done; the hint says what can
    ├── CassetteError      3    the file is unreadable, cut short, or newer than this version
    ├── DivergenceError    4    a replay asked for something the cassette does not hold there
    └── PolicyError        5    refused: network, effect or secret

    RecordedError (Exception)   raised in the program: an exception of the recorded run whose class is not loaded
    StopReplay (BaseException)  raised inside the program under test, so that `except Exception` and SDK retry loops
                                cannot turn a divergence into a normal run; outside it becomes a DivergenceError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replay.events import Event, Request


class ReplayError(Exception):
    """An error with a ``hint``: the next thing to type or do."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReplayError):
    exit_code = 2


class CassetteError(ReplayError):
    exit_code = 3


class PolicyError(ReplayError):
    exit_code = 5


class DivergenceError(ReplayError):
    """``asked`` is the request that found no counterpart, ``closest`` the nearest recorded event."""

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        asked: Request | None = None,
        closest: Event | None = None,
        where: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.asked = asked
        self.closest = closest
        self.where = where


class RecordedError(Exception):
    """An exception of the recorded run whose class this program has not loaded."""


class StopReplay(BaseException):
    """Unwinds the program after a divergence. Carries the error that the caller of the replay will see."""

    def __init__(self, error: ReplayError) -> None:
        super().__init__(str(error))
        self.error = error
