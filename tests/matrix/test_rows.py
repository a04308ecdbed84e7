"""The matrix: real clients over real sockets, recorded, then replayed with nothing left to connect to."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.matrix.environments import HERE
from tests.matrix.rows import ROWS
from tests.sdk.shop_tools import RAN
from tests.sdk.stage import World, perform, play, record


def cells() -> Iterator[object]:
    """Every program of the rows that this environment holds."""
    for row in ROWS:
        if row.environment == os.environ.get(HERE, "dev"):
            for column, agent in row.load():
                yield pytest.param(row, column, agent, id=f"{row.name}-{column}-{agent.__name__}")


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")  # google-genai subclasses aiohttp's session
@pytest.mark.parametrize("row, column, agent", list(cells()))
def test_a_replay_gives_the_recorded_value_without_a_network(row, column, agent, world: World, record_property) -> None:
    if row.warm:
        perform(agent, world)
    RAN.clear()
    recorded = record(agent, world)
    ran = list(RAN)
    world.end()
    value, result = play(agent, world)
    assert value == recorded
    assert result.identical, result
    assert result.live == 0 and result.served > 0
    assert recorded
    assert ran == RAN, "a tool ran in the replay"
    assert ran or column != "tools"
    record_property("tools", len(ran))
