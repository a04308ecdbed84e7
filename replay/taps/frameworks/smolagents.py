"""The tools of smolagents, called as JSON tool calls or from the code that a ``CodeAgent`` writes.

Seam: ``Tool.__call__``, above its setup: a tool that loads a model first does not load it on replay.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps.frameworks.called import Called, call
from replay.taps.patch import wrap

_SANITIZE = "sanitize_inputs_outputs"

_COMPUTES = frozenset(["FinalAnswerTool", "PythonInterpreterTool"])
"""Tools that reach no world of their own: the answer handed back, and code whose calls of tools are events."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``smolagents.tools``. Idempotent."""
    wrap(module.Tool, "__call__", _call)


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            return original(self, *args, **kwargs)

        if type(self).__name__ in _COMPUTES:
            return run()
        return call(Called(self.name, _given(self, args, kwargs), run, self.forward))

    return __call__


def _given(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name; one dict with the names of arguments stands for them, as in ``Tool.__call__``."""
    names = list(tool.inputs)
    named = {name: value for name, value in kwargs.items() if name != _SANITIZE}
    if len(args) == 1 and not named and isinstance(args[0], dict) and all(key in names for key in args[0]):
        return dict(args[0])
    names += [f"arg{at}" for at in range(len(names), len(args))]
    return {**dict(zip(names, args, strict=False)), **named}
