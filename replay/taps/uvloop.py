"""``uvloop``: within a session, a loop of asyncio takes the place of a new uvloop.

The schedule (``replay/engine/order.py``) has to know when a loop has nothing left to run, and has to decide when a
timer fires. uvloop keeps both inside C. What the program sees is the same: uvloop is a drop-in replacement.

Seams: ``uvloop.new_event_loop``, through which its policy and ``uvloop.install`` make their loops, and ``uvloop.run``.
A loop made as ``uvloop.Loop()`` stays what it is; the schedule then looks at it from time to time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps import boundary
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``uvloop``. Idempotent."""
    wrap(module, "new_event_loop", _new_event_loop)
    wrap(module, "run", _run)


def _new_event_loop(original: Callable[[], Any]) -> Callable[[], Any]:
    def new_event_loop() -> asyncio.AbstractEventLoop:
        if boundary.current() is None:
            return original()  # type: ignore[no-any-return]
        return asyncio.SelectorEventLoop()

    return new_event_loop


def _run(original: Callable[..., Any]) -> Callable[..., Any]:
    def run(main: Any, *, loop_factory: Any = None, debug: bool | None = None, **options: Any) -> Any:
        if loop_factory is not None:
            return original(main, loop_factory=loop_factory, debug=debug, **options)
        if boundary.current() is None:
            return original(main, debug=debug, **options)
        return asyncio.run(main, debug=debug)

    return run
