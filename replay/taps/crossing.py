"""A function of the program that crosses the boundary: performed and written down, or served and not run.

Where the value cannot be rebuilt from data, the recording says so (:mod:`replay.taps.again`): on replay the function
runs, what its body asks of the world is served, and its value is compared with what the recording knows of it.
"""

from __future__ import annotations

from typing import Any, Protocol

from replay.events import Answer, Chunk, End, Part, Request
from replay.taps import outside
from replay.taps.again import is_again
from replay.taps.boundary import Boundary, Call
from replay.taps.exceptions import rebuilt


class Crossing(Protocol):
    """What is needed to cross with one call of one function.

    ``may_run_again``: whether a recording can ask for that; a tool that says what it does to the world never runs so.
    """

    @property
    def may_run_again(self) -> bool: ...

    def request(self) -> Request: ...

    def perform(self, call: Call) -> Any:
        """Call the function, or what a swap put in its place; in a coroutine the value may be an awaitable."""

    def kept(self, value: Any) -> tuple[Part, ...]:
        """``value`` as what is written down of it."""

    def ended(self, error: BaseException) -> tuple[Part, ...]:
        """The twin of :meth:`kept` for what the function raised."""

    def load(self, chunk: Chunk) -> Any:
        """The value that :meth:`kept` wrote down."""


def cross(session: Boundary, crossing: Crossing) -> Any:
    call = session.issue(crossing.request())
    answer = call.served
    if answer is not None and not (crossing.may_run_again and is_again(answer)):
        return _served(crossing, call, answer)
    try:
        with session.within(call, own_lineage=True):
            value = crossing.perform(call)
    except BaseException as error:
        for part in _told(call, crossing.ended(error)):
            call.deliver(part)
        raise
    for part in _told(call, crossing.kept(value)):
        call.deliver(part)
    return value


async def across(session: Boundary, crossing: Crossing) -> Any:
    """The coroutine twin of :func:`cross`."""
    call = session.issue(crossing.request())
    answer = call.served
    if answer is not None and not (crossing.may_run_again and is_again(answer)):
        return await _aserved(crossing, call, answer)
    try:
        with session.within(call, own_lineage=True):
            value = crossing.perform(call)
            if hasattr(value, "__await__"):  # what a swap put in its place may be a plain function
                value = await value
    except BaseException as error:
        await _aended(call, crossing, error)
        raise
    for part in _told(call, crossing.kept(value)):
        await call.adeliver(part)
    return value


async def _aended(call: Call, crossing: Crossing, error: BaseException) -> None:
    """The program is told in its turn; but it must not wait for what ends its task."""
    for part in _told(call, crossing.ended(error)):
        if isinstance(error, Exception):
            await call.adeliver(part)
        else:
            call.deliver(part)


def _told(call: Call, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """What is delivered; of a function that ran again on replay the recorded parts, once they are compared."""
    recorded = call.served
    if recorded is None:
        return parts
    now = b"".join([part.data for part in parts if isinstance(part, Chunk)])
    if now != recorded.body and not _is_own_doing(parts):
        outside.differs(call, "this tool ran again, for its value could not be kept, and came out otherwise")
    return (*recorded.chunks, recorded.end or End())


def _is_own_doing(parts: tuple[Part, ...]) -> bool:
    return any(isinstance(part, End) and part.ending == "closed" for part in parts)


def _served(crossing: Crossing, call: Call, answer: Answer) -> Any:
    for chunk in answer.chunks:
        call.deliver(chunk)
    end = answer.end or End("closed")
    call.deliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)
    return crossing.load(answer.chunks[0])


async def _aserved(crossing: Crossing, call: Call, answer: Answer) -> Any:
    for chunk in answer.chunks:
        await call.adeliver(chunk)
    end = answer.end or End("closed")
    await call.adeliver(end)
    if end.failure is not None:
        raise rebuilt(end.failure)
    return crossing.load(answer.chunks[0])
