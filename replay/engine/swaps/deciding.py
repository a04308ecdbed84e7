"""What happens at a request that the recording does not answer: one of the policies."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from threading import Lock
from typing import IO, Any, Final

from replay.engine.result import Divergence
from replay.engine.swaps import running
from replay.errors import UsageError
from replay.events import Answer
from replay.taps.boundary import inside

Decision = Answer | str
Decide = Callable[[Divergence], Any]

WORDS: Final = ("raise", "live", "nearest")
POLICIES: Final = (*WORDS, "ask")

_CHOICES: Final = {"l": "live", "n": "nearest", "s": "raise", "": "raise"}


def decider(policy: str, decide: Decide | None) -> Callable[[Divergence], Decision]:
    """The function that decides. ``policy``: one of :data:`POLICIES`, or ``pkg.mod:function``; ``decide``: a function
    of the user's, which gives one of :data:`WORDS`, or the answer itself.

    Raises :class:`UsageError` for anything else.
    """
    if decide is None and policy in WORDS:
        return lambda _: policy
    if decide is None and policy == "ask":
        return _Asking()
    if decide is None and ":" not in policy:
        raise UsageError(f"there is no policy {policy}", hint=f"{', '.join(POLICIES)}, or pkg.mod:function")
    return lambda divergence: _decided(decide or running.named(policy), divergence)


def _decided(decide: Decide, divergence: Divergence) -> Decision:
    """What the user's function says. It is no part of the program: what it asks of the world crosses nothing."""
    try:
        with inside():
            decision = decide(divergence)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"the function that decides on divergences failed: {what}", hint="correct it") from error
    if isinstance(decision, Answer) or decision in WORDS:
        return decision  # type: ignore[no-any-return]
    raise UsageError(
        f"the function that decides on divergences gave {decision!r}", hint=f"it gives {', '.join(WORDS)} or an Answer"
    )


class _Asking:
    """Asks on the terminal, one question at a time; ``all`` settles it for the rest of the run."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.settled = ""

    def __call__(self, divergence: Divergence) -> Decision:
        with self.lock:
            return self.settled or self._asked(divergence)

    def _asked(self, divergence: Divergence) -> str:
        with terminal() as screen:
            while True:
                screen.write(f"replay: {divergence}\n[l]ive, [n]earest recorded answer, live for [a]ll, or [s]top? ")
                screen.flush()
                said = screen.readline().strip().lower()[:1]
                if said == "a":
                    self.settled = "live"
                    return "live"
                if said in _CHOICES:
                    return _CHOICES[said]


def terminal() -> IO[str]:
    """The terminal of this process, whatever its streams are. Raises :class:`UsageError` where there is none."""
    try:
        handle = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        hint = "choose beforehand: --on-divergence live, nearest or raise"
        raise UsageError("there is no terminal to ask on", hint=hint) from None
    # Two ends, since a terminal cannot be sought in, and a file that is read and written wants to.
    both: Any = io.BufferedRWPair(io.FileIO(handle, closefd=False), io.FileIO(handle, "w"))
    return io.TextIOWrapper(both, encoding="utf-8", line_buffering=True)
