"""The engine as small as a tap can tell: it keeps parts in memory, and serves them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from replay.errors import DivergenceError, StopReplay
from replay.events import Answer, Chunk, End, Head, Part, Request
from replay.taps import boundary


class Tape:
    """What crossed: ``calls`` in order of issue, and ``log`` of what was delivered when, with the program's notes."""

    def __init__(self, source: Tape | None = None) -> None:
        self.source = source
        self.calls: list[TapeCall] = []
        self.log: list[Any] = []

    @property
    def serves(self) -> bool:
        return self.source is not None

    def issue(self, request: Request) -> TapeCall:
        number = len(self.calls)
        self.calls.append(TapeCall(self, number, request, self._answer(number, request)))
        return self.calls[-1]

    def read(self, source: str, real: Callable[[], Any]) -> Any:
        return real()

    def _answer(self, number: int, request: Request) -> Answer | None:
        if self.source is None:
            return None
        if number >= len(self.source.calls) or self.source.calls[number].key != _key(request):
            raise StopReplay(DivergenceError("asked for something the tape does not hold", asked=request))
        return self.source.calls[number].answer


class TapeCall:
    instead: boundary.Instead | None = None

    def __init__(self, tape: Tape, number: int, request: Request, served: Answer | None) -> None:
        self.tape = tape
        self.number = number
        self.request = request
        self.served = served
        self.parts: list[Part] = []

    @property
    def key(self) -> Any:
        return _key(self.request)

    @property
    def answer(self) -> Answer:
        head = next((part for part in self.parts if isinstance(part, Head)), None)
        chunks = tuple([part for part in self.parts if isinstance(part, Chunk)])
        end = next((part for part in self.parts if isinstance(part, End)), None)
        return Answer(head=head, chunks=chunks, end=end)

    @property
    def bodies(self) -> list[bytes]:
        return [chunk.data for chunk in self.answer.chunks]

    @property
    def ending(self) -> str:
        assert self.answer.end is not None
        return self.answer.end.ending

    def deliver_rest(self) -> bool:
        return False

    def deliver_body(self, chunks: list[bytes]) -> bool:
        return False

    elapsed: int | None = None

    def deliver(self, part: Part) -> None:
        assert not any(isinstance(one, End) for one in self.parts), "a part after the end"
        self.parts.append(part)
        self.tape.log.append((self.number, part))

    async def adeliver(self, part: Part) -> None:
        answer = self.served
        if answer is not None and answer.head is None and answer.end == End("closed"):
            await asyncio.Event().wait()  # given up in the recording: the program does it again, or waits for ever
        await asyncio.sleep(0)
        self.deliver(part)


def _key(request: Request) -> Any:
    return request.action, request.target, request.body


@contextmanager
def crossing(tape: Tape) -> Iterator[Tape]:
    """While it is open, ``tape`` is the boundary of everybody."""
    before = list(boundary._find)
    boundary.find_with(lambda: tape)
    try:
        yield tape
    finally:
        boundary._find[:] = before


def record(agent: Callable[[Tape], Any]) -> tuple[Tape, Any]:
    with crossing(Tape()) as tape:
        return tape, agent(tape)


def play(source: Tape, agent: Callable[[Tape], Any]) -> Any:
    """Replay ``agent``; it must get and do the same, part by part and note by note."""
    with crossing(Tape(source)) as tape:
        value = agent(tape)
    assert tape.log == source.log
    return value
