"""Tools that are generators: each item is a chunk of the answer.

The body runs under the tool's lineage only while it is asked for an item; between two items the caller's own code runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from replay.events import Answer, End
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call
from replay.taps.described import Tool, kept_chunk, performed_by
from replay.taps.exceptions import ended_by, rebuilt


def generator(tool: Tool) -> Callable[..., Any]:
    """The wrapper of a generator function."""

    def wrapper(*args: Any, **kwargs: Any) -> Iterator[Any]:
        session = boundary.current()
        if session is None:
            yield from tool.function(*args, **kwargs)
            return
        call = session.issue(tool.request(args, kwargs))
        if call.served is None:
            yield from _live(session, call, performed_by(tool, call)(*args, **kwargs))
        else:
            yield from _served(tool, call, call.served)

    return wrapper


def async_generator(tool: Tool) -> Callable[..., Any]:
    """The wrapper of an async generator function."""

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        session = boundary.current()
        if session is None:
            items = tool.function(*args, **kwargs)
        else:
            call = session.issue(tool.request(args, kwargs))
            served = call.served
            items = (
                _alive(session, call, performed_by(tool, call)(*args, **kwargs))
                if served is None
                else _aserved(tool, call, served)
            )
        try:
            async for item in items:
                yield item
        finally:
            await items.aclose()

    return wrapper


def _live(session: Boundary, call: Call, items: Any) -> Iterator[Any]:
    try:
        while True:
            with session.within(call, own_lineage=True):
                try:
                    item = next(items)
                except StopIteration:
                    break
            call.deliver(kept_chunk(item))
            yield item
    except BaseException as error:
        items.close()
        call.deliver(ended_by(error, started=True))
        raise
    call.deliver(End())


async def _alive(session: Boundary, call: Call, items: Any) -> AsyncIterator[Any]:
    try:
        while True:
            with session.within(call, own_lineage=True):
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    break
            await call.adeliver(kept_chunk(item))
            yield item
    except BaseException as error:
        await items.aclose()
        call.deliver(ended_by(error, started=True))
        raise
    await call.adeliver(End())


def _served(tool: Tool, call: Call, answer: Answer) -> Iterator[Any]:
    try:
        for chunk in answer.chunks:
            call.deliver(chunk)
            yield tool.load_item(chunk)
    except GeneratorExit:
        call.deliver(End("closed"))
        raise
    end = _last(answer)
    call.deliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)


async def _aserved(tool: Tool, call: Call, answer: Answer) -> AsyncIterator[Any]:
    try:
        for chunk in answer.chunks:
            await call.adeliver(chunk)
            yield tool.load_item(chunk)
    except GeneratorExit:
        call.deliver(End("closed"))
        raise
    end = _last(answer)
    await call.adeliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)


def _last(answer: Answer) -> End:
    """How the answer ends for a program that asks for more items than there are."""
    return answer.end if answer.end is not None and answer.end.failure is not None else End()
