"""``multiprocessing.Pool``: its work items are processes of the run by themselves (:mod:`replay.engine.items`).

Seams: ``apply_async``, and the generator of tasks through which ``map``, ``imap`` and ``starmap`` go; the four classes
of results; and the places where workers are started. ``ThreadPool``, which is a subclass, stays what it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import pool
from types import ModuleType
from typing import Any

from replay.engine.items import Handed, as_workers
from replay.engine.lineage import not_counting, parent
from replay.taps.patch import MARK, wrap


def attach(module: ModuleType) -> None:
    """Patch ``module``, which is ``multiprocessing.pool``. Idempotent."""
    wrap(pool.Pool, "__init__", _init)
    wrap(pool.Pool, "apply_async", _apply_async)
    wrap(pool.Pool, "_guarded_task_generation", _tasks)
    wrap(pool.ApplyResult, "__init__", _init_result)
    for kind in (pool.ApplyResult, pool.MapResult, pool.IMapIterator, pool.IMapUnorderedIterator):
        wrap(kind, "_set", _set_result)
    start = pool.Pool._repopulate_pool_static  # type: ignore[attr-defined]
    if not hasattr(start, MARK):
        starts = as_workers(start)
        setattr(starts, MARK, start)
        pool.Pool._repopulate_pool_static = staticmethod(starts)  # type: ignore[attr-defined]


class _Handing(threading.local):
    over: Handed | None = None


_handing = _Handing()
"""``over``: what this thread hands to a pool just now."""


def _init(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: pool.Pool, *args: Any, **options: Any) -> None:
        if isinstance(self, pool.ThreadPool) or parent() is None:
            original(self, *args, **options)
            return
        with not_counting():
            original(self, *args, **options)

    return init


def _apply_async(original: Callable[..., Any]) -> Callable[..., Any]:
    def apply_async(self: Any, func: Callable[..., Any], *args: Any, **options: Any) -> Any:
        above = parent()
        if above is None or not above.counted or isinstance(self, pool.ThreadPool):
            return original(self, func, *args, **options)
        _handing.over = handed = Handed(above)
        try:
            return original(self, handed.item(0, func), *args, **options)
        finally:
            _handing.over = None

    return apply_async


def _init_result(original: Callable[..., None]) -> Callable[..., None]:
    """A worker may be done before ``apply_async`` has returned the result object: it is marked when it is made."""

    def init(self: Any, *args: Any, **options: Any) -> None:
        self._replay_handed = _handing.over
        original(self, *args, **options)

    return init


def _set_result(original: Callable[..., None]) -> Callable[..., None]:
    def set_result(self: Any, number: int, outcome: Any) -> None:
        handed: Handed | None = getattr(self, "_replay_handed", None)
        if handed is None:
            original(self, number, outcome)
        else:
            handed.deliver(number or 0, partial(_set, original, self, number, outcome))

    return set_result


def _set(original: Callable[..., None], result: Any, number: int, outcome: Any) -> None:
    owner = result._pool
    original(result, number, outcome)
    if owner is not None and owner._state == pool.CLOSE and not owner._cache:
        owner._outqueue.put(None)  # else who joins the pool waits for ever: the thread of results looks for one more


def _tasks(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded_task_generation(self: Any, job: int, func: Callable[..., Any], iterable: Iterable[Any]) -> Any:
        above = parent()
        if above is None or not above.counted or isinstance(self, pool.ThreadPool):
            return original(self, job, func, iterable)
        handed = Handed(above)
        self._cache[job]._replay_handed = handed
        return (
            (job, number, handed.item(number, fn), args, kwargs)
            for job, number, fn, args, kwargs in original(self, job, func, iterable)
        )

    return guarded_task_generation
