"""Small awkward agents, each named for what makes it hard to repeat.

An agent takes the URL of the random server and returns a JSON value which tells as much as possible about the order
and the timing of what happened. ``python -m tests.determinism.agents NAME URL`` runs one and prints its value.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any

from tests.determinism.agents import (
    cancelling,
    clocks,
    crossings,
    frameworks,
    marks,
    other_loops,
    pools,
    processes,
    straight,
    streams,
    tasks,
    threads,
    timing,
    trios,
)

Agent = Callable[[str], Any]


def _named(*groups: tuple[Agent, ...]) -> dict[str, Agent]:
    return {agent.__name__: agent for group in groups for agent in group}


AGENTS = _named(
    straight.AGENTS,
    tasks.AGENTS,
    timing.AGENTS,
    cancelling.AGENTS,
    crossings.AGENTS,
    threads.AGENTS,
    streams.AGENTS,
    clocks.AGENTS,
    marks.AGENTS,
    frameworks.AGENTS,
    processes.AGENTS,
    other_loops.AGENTS,
    trios.AGENTS,
    pools.AGENTS,
)
"""Those that come again in any process."""

HASHED = _named(clocks.HASHED)
"""Those that need the recording's hash seed, which the command line gives back."""

FAMILIES = _named(processes.FAMILIES)
"""Those with child processes, which join a run of the command line."""

ALL = {**AGENTS, **HASHED, **FAMILIES}


def run(agent: Agent, url: str) -> Any:
    """The value of ``agent``, as JSON gives it back."""
    value = asyncio.run(agent(url)) if inspect.iscoroutinefunction(agent) else agent(url)
    return json.loads(json.dumps(value))
