"""What is done with a cassette, by record mode: a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from replay.regression.marks import Mark
from replay.regression.settings import Settings

Keep = Literal["never", "always", "passed", "live", "changed"]
"""When the run that was written takes the place of the cassette: ``passed``: if the test passes. ``live``: if it passes
and some call was made for real. ``changed``: if it passes and was not identical."""


@dataclass(frozen=True, slots=True)
class Action:
    """``play``: the cassette to serve from, None to record. ``policy``: at what it does not hold. ``target``: where the
    run goes if it is to be kept. ``strict``: any difference fails the test."""

    play: Path | None
    policy: Any
    target: Path
    keep: Keep
    strict: bool = True


def plain(own: Path, settings: Settings) -> Action | None:
    """What a test does that is to be as recorded in ``own``. None: it has no cassette, and may not record one."""
    exists = own.is_file()
    if settings.update and exists:
        return Action(own, "live", own, "changed", strict=False)
    if settings.mode in ("all", "rewrite"):
        return Action(None, "raise", own, "passed" if settings.mode == "all" and exists else "always")
    if not exists:
        return Action(None, "raise", own, "always") if settings.records else None
    if settings.mode == "new_episodes":
        return Action(own, "live", own, "live", strict=False)
    return Action(own, "raise", own, "never")


def departing(base: Path, fork: Path, mark: Mark, settings: Settings, *, fresh: bool) -> Action | None:
    """What a test does that departs from ``base`` on purpose. None: there is no such cassette. ``fresh``: the fork, if
    there is one, was made with the swaps that the test has now.

    What had to run live is kept in ``fork``, so that the test replays offline from then on. A policy that makes no
    call (``nearest``, a function) needs no fork.
    """
    if not base.is_file():
        return None
    policy = mark.on_divergence or "live"
    if policy != "live":
        return Action(base, policy, fork, "never", strict=policy == "raise")
    anew = settings.update or settings.mode in ("all", "rewrite")
    if fork.is_file() and fresh and not anew:
        extend = settings.mode == "new_episodes"
        return Action(fork, "live" if extend else "raise", fork, "live" if extend else "never", strict=not extend)
    if settings.records:
        return Action(base, "live", fork, "always" if settings.mode == "rewrite" else "passed", strict=False)
    return Action(base, "raise" if settings.block_network else "live", fork, "never", strict=False)
