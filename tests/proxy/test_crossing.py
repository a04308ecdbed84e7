"""What is made of a program that closes its connection: how much it has read, nobody knows."""

from __future__ import annotations

import pytest

from replay.events import Answer, Chunk, End, Head, Part
from replay.proxy.crossing import InTurn

HEAD, ONE, TWO = Head(200), Chunk(b"one", tick=2), Chunk(b"two", tick=3)


class Served:
    """As much of a served call as is used: it keeps what it is handed."""

    instead = None

    def __init__(self, served: Answer) -> None:
        self.served = served
        self.parts: list[Part] = []

    @property
    def chunks(self) -> int:
        return sum(isinstance(part, Chunk) for part in self.parts)

    @property
    def handed(self) -> End | None:
        return next((part for part in self.parts if isinstance(part, End)), None)

    def deliver(self, part: Part) -> None:
        self.parts.append(part)


class Free:
    """A turn, and a pace, for everything."""

    flying = 0

    async def wait(self, tick: int) -> bool:
        return True

    async def turn(self, peer: int) -> None:
        pass

    def passed(self, *ticks: int) -> None:
        pass


@pytest.mark.parametrize(
    ("recorded", "had", "ended"),
    [
        (End("closed"), [HEAD, ONE], [TWO, End("closed")]),  # both gave it up, this one a little sooner
        (End("closed"), [], [HEAD, ONE, TWO, End("closed")]),
        (None, [HEAD, ONE, TWO], [End("closed")]),  # the recording ends in it
        (End(), [HEAD, ONE, TWO], [End()]),  # all of it was on its way
        (End(), [HEAD, ONE], [End("closed")]),
        (End(), [], [End("closed")]),
    ],
)
async def test_giving_up_is_a_difference_only_if_it_is_one(recorded, had, ended):
    served = Served(Answer(HEAD, head_tick=1, chunks=(ONE, TWO), end=recorded, end_tick=4))
    call = InTurn(served, Free(), 1, Free())
    for part in had:
        await call.adeliver(part)
    call.deliver(End("closed"))
    call.deliver(End("closed"))
    assert served.parts == [*had, *ended]
    assert call.pace.flying == 0
