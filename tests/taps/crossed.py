"""An agent recorded and replayed by the real engine, in this process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import replay
from replay.engine.result import Result


def perform(agent: Callable[..., Any], *args: Any) -> Any:
    value = agent(*args)
    return asyncio.run(value) if inspect.iscoroutine(value) else value


def record(path: Path, agent: Callable[..., Any], *args: Any) -> Any:
    with replay.record(path) as run:
        value = perform(agent, *args)
    assert run.result.unwatched == []
    return value


def replayed(path: Path, agent: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, Result]:
    with replay.play(path, **options) as run:
        value = perform(agent, *args)
    return value, run.result


def check(path: Path, agent: Callable[..., Any], *args: Any, gone: Callable[[], Any] = lambda: None) -> Any:
    """Record ``agent``, call ``gone``, replay it twice; the value of all three, and that nothing differed."""
    value = record(path, agent, *args)
    gone()
    for _ in range(2):
        again, result = replayed(path, agent, *args)
        assert again == value
        assert result.identical, result
        assert (result.live, result.unread, result.overread) == (0, 0, 0), result
    return value
