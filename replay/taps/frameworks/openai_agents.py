"""The function tools of ``openai-agents``.

Seam: the function that invokes a tool, above its time limit and its handling of errors. A tool that is an agent runs,
and one of an MCP server is seen where the server is asked (:mod:`replay.taps.mcp`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps import byname
from replay.taps.frameworks.called import Called, acall
from replay.taps.patch import original_of, wrap

_SEAMS = ("_invoke_function_tool_with_metadata", "invoke_function_tool")
"""The first is what later versions run the tool in, the second that of earlier ones, and calls the first."""

_HOME = "agents.tool"
_ELSEWHERE = ("mcp", "agent_as_tool")


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``agents.tool``. Idempotent."""
    name = next(name for name in _SEAMS if hasattr(module, name))
    wrap(module, name, _invoking(module))
    wrapper = getattr(module, name)
    byname.replace([(original_of(wrapper), wrapper)])


def _invoking(module: ModuleType) -> Callable[..., Any]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def invoke(*, function_tool: Any, context: Any, arguments: str) -> Any:
            def run() -> Any:
                return original(function_tool=function_tool, context=context, arguments=arguments)

            if _is_elsewhere(function_tool):
                return await run()
            wrapped = getattr(module, "_FunctionToolInvocationResult", None)
            value = await acall(_called(function_tool, arguments, run, wrapped))
            return value if wrapped is None or isinstance(value, wrapped) else wrapped(value)

        return invoke

    return make


def _called(tool: Any, arguments: str, run: Callable[[], Any], wrapped: Any) -> Called:
    async def plain() -> Any:
        value = await run()
        is_plain = wrapped is not None and not value.is_sdk_generated_error
        return value.output if is_plain else value

    function = getattr(tool, "__wrapped__", None) or tool.on_invoke_tool
    return Called(tool.name, _given(arguments), plain, function, (wrapped, *_returned()))


def _returned() -> tuple[Any, ...]:
    """What a tool may return that is more than text."""
    home = sys.modules[_HOME]
    return tuple([getattr(home, name, None) for name in ("ToolOutputText", "ToolOutputImage", "ToolOutputFileContent")])


def _given(arguments: str) -> dict[str, Any]:
    """The arguments as the model wrote them; what is no JSON object is one argument, and the tool will refuse it."""
    try:
        given = json.loads(arguments or "{}")
    except ValueError:
        given = arguments
    return given if isinstance(given, dict) else {"input": given}


def _is_elsewhere(tool: Any) -> bool:
    origin = getattr(getattr(tool, "_tool_origin", None), "type", "")
    return getattr(tool, "_is_agent_tool", False) or getattr(origin, "value", origin) in _ELSEWHERE
