"""pydantic-ai's function tools. Those of MCP servers are seen where the server is asked (:mod:`replay.taps.mcp`).

Seam: ``FunctionToolset.call_tool``, above the tool's time limit and the thread of a function that is no coroutine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps.frameworks.called import Called, acall
from replay.taps.patch import wrap

_RETURNED = (
    "AudioUrl", "BinaryContent", "BinaryImage", "DocumentUrl", "ImageUrl", "ToolReturn", "UploadedFile", "VideoUrl",
)  # fmt: skip
"""Classes of ``pydantic_ai.messages`` that a tool may return."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``pydantic_ai.toolsets.function``. Idempotent."""
    wrap(module.FunctionToolset, "call_tool", _call_tool)


def _call_tool(original: Callable[..., Any]) -> Callable[..., Any]:
    async def call_tool(self: Any, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
        schema = getattr(tool.call_func, "__self__", None)
        function = getattr(schema, "function", tool.call_func)
        called = Called(name, tool_args, lambda: original(self, name, tool_args, ctx, tool), function, _returned())
        return await acall(called)

    return call_tool


def _returned() -> tuple[Any, ...]:
    messages = sys.modules["pydantic_ai.messages"]
    return tuple([kind for name in _RETURNED if (kind := getattr(messages, name, None)) is not None])
