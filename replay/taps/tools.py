"""``@replay.tool`` and ``replay.span``: the program's own functions and stretches, as events.

While recording, a tool runs and its value (or its exception) is written down; on replay it is served and does not run.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, overload

from replay.events import Answer, Chunk, Effect, End, Request
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.described import Tool, kept_chunk, performed_by
from replay.taps.exceptions import ended_by, rebuilt
from replay.taps.generators import async_generator, generator

F = TypeVar("F", bound=Callable[..., Any])


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
    return functools.wraps(function)(wrapper)  # type: ignore[return-value]


def _plain(tool: Tool) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        session = boundary.current()
        if session is None:
            return tool.function(*args, **kwargs)
        call = session.issue(tool.request(args, kwargs))
        if call.served is not None:
            return _served(tool, call, call.served)
        try:
            with session.within(call, own_lineage=True):
                value = performed_by(tool, call)(*args, **kwargs)
        except BaseException as error:
            call.deliver(ended_by(error, started=False))
            raise
        for part in _value_parts(value):
            call.deliver(part)
        return value

    return wrapper


def _coroutine(tool: Tool) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        session = boundary.current()
        if session is None:
            return await tool.function(*args, **kwargs)
        call = session.issue(tool.request(args, kwargs))
        if call.served is not None:
            return await _aserved(tool, call, call.served)
        try:
            with session.within(call, own_lineage=True):
                value = performed_by(tool, call)(*args, **kwargs)
                if inspect.isawaitable(value):  # what a swap put in its place may be a plain function
                    value = await value
        except BaseException as error:
            call.deliver(ended_by(error, started=False))
            raise
        for part in _value_parts(value):
            await call.adeliver(part)
        return value

    return wrapper


def _value_parts(value: Any) -> tuple[Chunk | End, ...]:
    part = kept_chunk(value)
    return (part, End()) if isinstance(part, Chunk) else (part,)


def _served(tool: Tool, call: Call, answer: Answer) -> Any:
    for chunk in answer.chunks:
        call.deliver(chunk)
    end = answer.end or End("closed")
    call.deliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)
    return tool.load(answer.chunks[0])


async def _aserved(tool: Tool, call: Call, answer: Answer) -> Any:
    for chunk in answer.chunks:
        await call.adeliver(chunk)
    end = answer.end or End("closed")
    await call.adeliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)
    return tool.load(answer.chunks[0])


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
