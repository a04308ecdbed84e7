"""CrewAI's tools.

Seams: ``_run`` and ``_arun`` of every class of tools, and ``Tool.run``, which calls the function it was made of past
them. A tool that asks another agent runs, and one of an MCP server is seen where the server is asked
(:mod:`replay.taps.mcp`).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps.frameworks.called import Called, acall, call
from replay.taps.frameworks.derived import body_of, is_running, wrap_derived
from replay.taps.patch import wrap

_ELSEWHERE = ("crewai.tools.agent_tools.", "crewai.tools.mcp_")
"""How the modules begin whose tools are an agent's or an MCP server's."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``crewai.tools.base_tool``. Idempotent."""
    wrap(module.Tool, "run", _run_function)
    wrap_derived(module.BaseTool, {"_run": _run, "_arun": _arun})


def _run_function(original: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        ran: list[bool] = []

        def perform() -> Any:
            ran.append(True)
            return original(self, *args, **kwargs)

        try:
            return call(_called(self, self.func, args, kwargs, perform))
        finally:
            if not ran:
                self._claim_usage()  # a tool may be limited to so many calls, and those served count

    return run


def _run(original: Callable[..., Any]) -> Callable[..., Any]:
    def _run(self: Any, *args: Any, **kwargs: Any) -> Any:
        function = getattr(self, "func", None) or original
        performed = _performed(self, function, original, args, kwargs)
        if performed is None:
            return original(self, *args, **kwargs)
        return (acall if inspect.iscoroutinefunction(function) else call)(performed)

    return _run


def _arun(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _arun(self: Any, *args: Any, **kwargs: Any) -> Any:
        function = getattr(self, "func", None) or original
        performed = _performed(self, function, original, args, kwargs)
        return await original(self, *args, **kwargs) if performed is None else await acall(performed)

    return _arun


def _performed(
    tool: Any, function: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Called | None:
    """The call; None where it is no event of its own."""
    if is_running(tool) or type(tool).__module__.startswith(_ELSEWHERE):
        return None

    def perform() -> Any:
        with body_of(tool):
            value = original(tool, *args, **kwargs)
        return _in_body(tool, value) if inspect.isawaitable(value) else value

    return _called(tool, function, args, kwargs, perform)


async def _in_body(tool: Any, value: Any) -> Any:
    with body_of(tool):
        return await value


def _called(
    tool: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], perform: Callable[[], Any]
) -> Called:
    names = [*tool.args_schema.model_fields, *(f"arg{at}" for at in range(len(args)))]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    failure = getattr(sys.modules.get("crewai.tools.tool_failure"), "ToolFailure", None)
    return Called(tool.name, given, perform, function, (failure,) if failure else ())
