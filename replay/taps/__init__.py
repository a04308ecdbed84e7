"""Taps: one library per file. Each translates that library's calls to :mod:`replay.taps.boundary`, and nothing else.

A tap attaches to a library when, and only when, the program imports it, so that recording never makes a program
import something. Attached once, it stays for the life of the process; outside a session it passes calls through.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

TAPS = {
    "agents.tool": "replay.taps.frameworks.openai_agents",
    "aiohttp": "replay.taps.aiohttp",
    "crewai.tools.base_tool": "replay.taps.frameworks.crewai",
    "fastuuid": "replay.taps.dice",
    "grpc._channel": "replay.taps.grpc",
    "grpc.aio._channel": "replay.taps.grpc_aio",
    "http.client": "replay.taps.http_client",
    "http.cookiejar": "replay.taps.cookiejar",
    "httplib2": "replay.taps.httplib2",
    "httpx": "replay.taps.httpx",
    "httpx2": "replay.taps.httpx",
    "langchain_core.tools.base": "replay.taps.frameworks.langchain",
    "mcp.client.session": "replay.taps.mcp.session",
    "mcp.client.sse": "replay.taps.mcp.transports",
    "mcp.client.stdio": "replay.taps.mcp.transports",
    "mcp.client.streamable_http": "replay.taps.mcp.transports",
    "mcp.client.websocket": "replay.taps.mcp.transports",
    "numpy.random": "replay.taps.dice",
    "pydantic_ai.toolsets.function": "replay.taps.frameworks.pydantic_ai",
    "smolagents.tools": "replay.taps.frameworks.smolagents",
    "tornado.curl_httpclient": "replay.taps.tornado",
    "tornado.simple_httpclient": "replay.taps.tornado",
    "urllib.request": "replay.taps.urllib",
    "urllib3": "replay.taps.urllib3",
    "uuid_utils": "replay.taps.dice",
    "uvloop": "replay.taps.uvloop",
    "websockets.asyncio.client": "replay.taps.websockets",
    "websockets.sync.client": "replay.taps.websockets_sync",
}
"""The module whose import triggers a tap, and the tap."""

_watched = dict(TAPS)


def watch(name: str, tap: str) -> None:
    """Have the module ``tap`` attach to ``name`` like a tap: for what is no library that reaches the world."""
    _watched[name] = tap


def attach() -> None:
    """Tap every library of :data:`TAPS` that is imported already, and each other one when it is. Idempotent."""
    if not any(isinstance(finder, _ImportHook) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ImportHook())
    for name in _watched:
        module = sys.modules.get(name)
        if module is not None and not _is_loading(module):
            _attach_to(name, module)


def _is_loading(module: ModuleType) -> bool:
    return getattr(module.__spec__, "_initializing", False)


def _attach_to(name: str, module: ModuleType) -> None:
    import_module(_watched[name]).attach(module)


class _ImportHook:
    """Finds the spec of a tapped library as if it were not there, and adds a step after the module's execution."""

    def __init__(self) -> None:
        self._finding: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _watched or name in self._finding:
            return None
        self._finding.add(name)
        try:
            spec = find_spec(name)
        finally:
            self._finding.discard(name)
        if spec is not None and spec.loader is not None:
            _after_execution(spec.loader, name)
        return spec


def _after_execution(loader: Any, name: str) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        _attach_to(name, module)

    loader.exec_module = exec_module
