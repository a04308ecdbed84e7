"""One call of a framework's tool, as what crosses the boundary."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_type_hints

from replay.canon import values
from replay.canon.values import Unkept
from replay.events import Chunk, End, Part, Request
from replay.taps import boundary, outside
from replay.taps.again import is_raised_again, is_rebuilt, runs_again
from replay.taps.boundary import Boundary, Call
from replay.taps.crossing import across, cross
from replay.taps.described import kept_argument
from replay.taps.exceptions import ended_by
from replay.taps.tools import is_marked

_ASKS_AN_MCP_SERVER = frozenset(["langchain_mcp_adapters", "mcpadapt"])
"""Packages whose tools do nothing but call an MCP server."""


@dataclass(frozen=True, slots=True)
class Called:
    """``run`` performs the call. ``arguments``: what the model gave, by name, as the tool itself gets it.

    ``function``: the program's own function below it, whose annotation says what comes back. ``classes``: those of
    the framework that its tools return. Those of a file are looked for among these, and their subclasses.
    """

    name: str
    arguments: dict[str, Any]
    run: Callable[[], Any]
    function: Any = None
    classes: tuple[Any, ...] = ()
    may_run_again: bool = True

    def request(self) -> Request:
        given = {name: kept_argument(value) for name, value in self.arguments.items()}
        return Request("tool", "call", self.name, body=values.dump(given))

    def perform(self, call: Call) -> Any:
        instead = call.instead
        if instead is None or instead.function is None:
            return self.run()
        return instead.function(**self.arguments)

    def kept(self, value: Any) -> tuple[Part, ...]:
        try:
            data = values.dump(value)
        except Unkept:
            return runs_again(value)
        return (Chunk(data), End()) if is_rebuilt(value, data, self._kind(data)) else runs_again(value)

    def ended(self, error: BaseException) -> tuple[Part, ...]:
        end = ended_by(error, started=False)
        if end.failure is None or is_raised_again(error, end.failure) or not isinstance(error, Exception):
            return (end,)
        return runs_again(error)

    def load(self, chunk: Chunk) -> Any:
        return values.load(chunk.data, kind=self._kind(chunk.data))

    def _kind(self, data: bytes) -> Any:
        """Where ``data`` may become an instance of what; None where it holds none, which is quicker to know."""
        if b'"$' not in data:
            return None
        return Union[(annotated(self.function), *self.classes)]


def session_for(function: Any) -> Boundary | None:
    """The session in which a call of a tool around ``function`` is an event; None when it is none, or another is."""
    session = boundary.current()
    if session is None or not outside.follows("frameworks") or is_marked(function) or _asks_elsewhere(function):
        return None
    return session


def _asks_elsewhere(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in _ASKS_AN_MCP_SERVER


def annotated(function: Any) -> Any:
    """What ``function`` says that it returns, or None."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        return get_type_hints(function).get("return")
    except Exception:  # an annotation that only a type checker can read, or no function
        return None


def call(called: Called) -> Any:
    """Perform ``called``, or serve it."""
    session = session_for(called.function)
    return called.run() if session is None else cross(session, called)


async def acall(called: Called) -> Any:
    """The coroutine twin of :func:`call`."""
    session = session_for(called.function)
    return await called.run() if session is None else await across(session, called)
