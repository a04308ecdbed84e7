"""``@replay.tool`` and ``replay.span``: the program's own functions and stretches, as events.

While recording, a tool runs and its value (or its exception) is written down; on replay it is served and does not run.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from replay.events import Chunk, Effect, End, Request
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.crossing import across, cross
from replay.taps.described import Tool, kept_chunk, performed_by
from replay.taps.exceptions import ended_by
from replay.taps.generators import async_generator, generator

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__replay_tool__"

MAX_SHELLS = 8
"""Partial objects, bound methods and wrappers around one function."""


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(*, name: str = "", effect: Effect | None = None) -> Callable[[F], F]: ...


def tool(function: Any = None, /, *, name: str = "", effect: Effect | None = None) -> Any:
    """Mark a function as a tool of the agent.

    Works on functions, coroutine functions, generators and async generators, and on methods (``self`` is no argument
    of the call). ``name`` defaults to the function's. ``effect="write"`` says that the tool changes the world: it is
    never run for real during a replay unless allowed by name. Arguments and values are kept as JSON-like data
    (:mod:`replay.canon.values`); dataclasses and pydantic models come back as what the return annotation says.
    """
    if function is None:
        return functools.partial(_decorate, name=name, effect=effect)
    return _decorate(function, name=name, effect=effect)


def _decorate(function: F, *, name: str, effect: Effect | None) -> F:
    described = Tool(function, name or function.__name__, effect)
    if inspect.isasyncgenfunction(function):
        wrapper = async_generator(described)
    elif inspect.isgeneratorfunction(function):
        wrapper = generator(described)
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine(described)
    else:
        wrapper = _plain(described)
    marked = functools.wraps(function)(wrapper)
    setattr(marked, _MARK, True)
    return marked  # type: ignore[return-value]


def is_marked(function: Any) -> bool:
    """Whether ``function`` is a tool marked by :func:`tool`, or a thin shell around one."""
    for _ in range(MAX_SHELLS):
        if getattr(function, _MARK, False):
            return True
        inner = [getattr(function, name, None) for name in ("func", "__func__", "__wrapped__")]
        function = next(filter(callable, inner), None)
        if function is None:
            return False
    return False


def _plain(tool: Tool) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        session = boundary.current()
        return tool.function(*args, **kwargs) if session is None else cross(session, _Marked(tool, args, kwargs))

    return wrapper


def _coroutine(tool: Tool) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        session = boundary.current()
        if session is None:
            return await tool.function(*args, **kwargs)
        return await across(session, _Marked(tool, args, kwargs))

    return wrapper


@dataclass(frozen=True, slots=True)
class _Marked:
    """One call of a marked function, as what crosses the boundary."""

    tool: Tool
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    may_run_again: bool = False

    def request(self) -> Request:
        return self.tool.request(self.args, self.kwargs)

    def perform(self, call: Call) -> Any:
        return performed_by(self.tool, call)(*self.args, **self.kwargs)

    def kept(self, value: Any) -> tuple[Chunk | End, ...]:
        part = kept_chunk(value)
        return (part, End()) if isinstance(part, Chunk) else (part,)

    def ended(self, error: BaseException) -> tuple[End, ...]:
        return (ended_by(error, started=False),)

    def load(self, chunk: Chunk) -> Any:
        return self.tool.load(chunk)


class span:
    """A named stretch of the run: ``with replay.span("planner"):``, ``async with``, or a decorator.

    Steps inside it are shown below it. A span asks the world nothing, so it never diverges.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._open: list[tuple[Call, AbstractContextManager[None]]] = []

    def __enter__(self) -> None:
        session = boundary.current()
        if session is None:
            return
        call = session.issue(Request("span", "enter", self.name))
        scope = session.within(call, own_lineage=False)
        scope.__enter__()
        self._open.append((call, scope))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not self._open:
            return
        call, scope = self._open.pop()
        scope.__exit__(None, None, None)
        call.deliver(End() if error is None else ended_by(error, started=False))

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        if inspect.iscoroutinefunction(function):

            async def awrapper(*args: Any, **kwargs: Any) -> Any:
                with span(self.name):
                    return await function(*args, **kwargs)

            return functools.wraps(function)(awrapper)  # type: ignore[return-value]

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with span(self.name):
                return function(*args, **kwargs)

        return functools.wraps(function)(wrapper)  # type: ignore[return-value]
