"""What the taps of processes need to know of the engine, which lies above them.

The engine fills it in with :func:`tell_with`; until then nobody waits for anybody and no child joins a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Environment = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Born:
    """A child process that is about to start: its environment (None: ours), and the file that shows that it joined.

    A child Python process finds its part of the run in the environment and claims it with that file
    (:mod:`replay.inject.claim`). None: children cannot join this run.
    """

    env: Environment
    claim: Path | None = None

    @property
    def has_joined(self) -> bool:
        return self.claim is not None and self.claim.exists()


def _nothing(_call: object, _reason: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Ways:
    """What lasts while a process does something, and what is known of processes.

    * ``waiting``: this thread waits for it. ``awaiting``: a task does, and the loop may go on.
    * ``computing``: the process computes for this thread, which waits no more than if it did so itself.
    * ``follows``: whether what happens here follows a rule of recordings; old cassettes do not know the later ones.
    * ``differs``: what was performed on replay for a served call came out otherwise than recorded.
    * ``born``: takes the address of the next child process of this task, which is taken also when none is started.
    """

    waiting: Callable[[], AbstractContextManager[Any]] = nullcontext
    awaiting: Callable[[], AbstractContextManager[Any]] = nullcontext
    computing: Callable[[], AbstractContextManager[Any]] = nullcontext
    follows: Callable[[str], bool] = bool
    born: Callable[[Environment], Born] = Born
    differs: Callable[[object, str], None] = _nothing


_ways = [Ways()]


def tell_with(ways: Ways) -> None:
    """Called by the engine when a session opens."""
    _ways[0] = ways


def waiting() -> AbstractContextManager[Any]:
    return _ways[0].waiting()


def awaiting() -> AbstractContextManager[Any]:
    return _ways[0].awaiting()


def computing() -> AbstractContextManager[Any]:
    return _ways[0].computing()


def are_events() -> bool:
    """Whether processes started here are events, served on replay."""
    return follows("processes")


def follows(rule: str) -> bool:
    """Whether the recording here has ``rule`` among its behaviour flags; a new one has them all."""
    return _ways[0].follows(rule)


def born(env: Environment) -> Born:
    return _ways[0].born(env)


def differs(call: object, reason: str) -> None:
    _ways[0].differs(call, reason)
