"""LangChain's tools, and with them LangGraph's ``ToolNode``.

Seams: ``_run`` and ``_arun`` of every class of tools. What is around them (callbacks, run ids, the making of a tool
message, the handling of tool errors) is the same on replay.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from inspect import signature
from types import ModuleType
from typing import Any, get_type_hints

from replay.taps.frameworks.called import Called, acall, call
from replay.taps.frameworks.derived import body_of, is_running, wrap_derived
from replay.taps.patch import original_of

_PLUMBING = frozenset({"callbacks", "config", "run_manager"})
"""Arguments of ``_run`` that are not the tool's."""

_RETURNED = {
    "langchain_core.documents": ("Document",),
    "langchain_core.messages": ("BaseMessage",),
    "langgraph.types": ("Command", "Send"),
}


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``langchain_core.tools.base``. Idempotent."""
    wrap_derived(module.BaseTool, {"_run": _run, "_arun": _arun})


def _run(original: Callable[..., Any]) -> Callable[..., Any]:
    def _run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_running(self):
            return original(self, *args, **kwargs)

        def run() -> Any:
            with body_of(self):
                return original(self, *args, **kwargs)

        function = getattr(self, "func", None) or original
        return call(_called(self, function, args, kwargs, run))

    return _run


def _arun(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _arun(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_running(self):
            return await original(self, *args, **kwargs)

        async def run() -> Any:
            with body_of(self):
                return await original(self, *args, **kwargs)

        own = original_of(type(self)._run) if original.__qualname__.startswith("BaseTool.") else original
        function = getattr(self, "coroutine", None) or getattr(self, "func", None) or own
        return await acall(_called(self, function, args, kwargs, run))

    return _arun


def _called(tool: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Callable[[], Any]) -> Called:
    left_out = _PLUMBING | _injected(function)
    named = dict(zip([*tool.args, *(f"arg{at}" for at in range(len(args)))], args, strict=False)) if args else {}
    given = {name: value for name, value in {**named, **kwargs}.items() if name not in left_out}
    return Called(tool.name, given, run, function, _returned())


@lru_cache(maxsize=1024)
def _injected(function: Any) -> frozenset[str]:
    """Arguments that the program's own state fills in: they are not the model's, and may hold anything."""
    is_injected = getattr(sys.modules["langchain_core.tools.base"], "_is_injected_arg_type", None)
    if is_injected is None:
        return frozenset()
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception:  # an annotation that only a type checker can read
        hints = {name: parameter.annotation for name, parameter in signature(function).parameters.items()}
    return frozenset({name for name, hint in hints.items() if name != "return" and is_injected(hint)})


def _returned() -> tuple[Any, ...]:
    """What LangChain's own tools return, as far as the program has loaded it."""
    homes = ((sys.modules.get(name), kinds) for name, kinds in _RETURNED.items())
    found = [getattr(home, kind, None) for home, kinds in homes if home is not None for kind in kinds]
    return tuple(filter(None, found))
