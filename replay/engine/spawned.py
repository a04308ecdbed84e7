"""Child processes that ``multiprocessing`` starts as new interpreters (``spawn``, and the fork server).

It starts them past ``subprocess``, with the environment of this process: their plan has to be in it for that moment.
And the threads through which its queues send.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from replay.engine import kin
from replay.engine.children import creator, next_child
from replay.engine.lineage import not_counting
from replay.engine.plan import VARIABLE, Plan
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Patch ``module``, which is ``multiprocessing.util`` or ``multiprocessing.queues``. Idempotent."""
    if module.__name__ == "multiprocessing.util":
        wrap(module, "spawnv_passfds", _spawn)
    else:
        wrap(module.Queue, "_start_thread", _start_feeder)


def _start_feeder(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """What is put into a queue travels through a thread that is plumbing: it takes no turns."""

    def start_thread(self: Any) -> None:
        with not_counting():
            original(self)

    return start_thread


def _spawn(original: Callable[..., Any]) -> Callable[..., Any]:
    """``multiprocessing`` starts its processes past ``subprocess``, with the environment of this one."""

    def spawnv_passfds(path: Any, args: Sequence[Any], passfds: Any) -> Any:
        node = creator()
        if node is None:
            return original(path, args, passfds)
        plumbing = any("resource_tracker" in str(arg) for arg in args)  # it outlives the run
        with _environ({VARIABLE: None} if plumbing else _variables(next_child(node.session, node))):
            return original(path, args, passfds)

    return spawnv_passfds


def _variables(plan: Plan) -> dict[str, str | None]:
    return {"PYTHONPATH": kin.python_path(), **plan.to_environ()}


@contextmanager
def _environ(variables: Mapping[str, str | None]) -> Iterator[None]:
    """While it lasts, this process has these environment variables; None: it has not."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
