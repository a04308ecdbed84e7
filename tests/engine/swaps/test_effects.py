"""A tool that changes the world is not run by a replay that nobody told to."""

from __future__ import annotations

import pytest

import replay
from replay.errors import PolicyError

FORKS = 1000


class Shop:
    """Its agent looks an order up and pays back what that says. ``paid``: what it really did."""

    def __init__(self) -> None:
        self.paid: list[float] = []
        self.total = 10.0

        @replay.tool(effect="read")
        def look_up(order: int) -> dict:
            return {"total": self.total}

        @replay.tool(effect="write")
        def pay_back(order: int, amount: float) -> str:
            self.paid.append(amount)
            return "paid"

        self.look_up, self.pay_back = look_up, pay_back

    def agent(self) -> str:
        return self.pay_back(7, self.look_up(7)["total"])


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop()
    with replay.record(tmp_path / "run.cassette"):
        shop.agent()
    shop.paid.clear()
    return shop


def test_it_fires_in_none_of_a_thousand_forks(shop, tmp_path):
    for number in range(FORKS):
        swap = replay.swap.tool("look_up", {"total": 11.0 + number})
        run = replay.play(
            tmp_path / "run.cassette", swaps=[swap], on_divergence="live", save=tmp_path / "fork.cassette"
        )
        with pytest.raises(PolicyError), run:
            shop.agent()
        assert run.result.halted[2] == "--allow-effect pay_back lets it"
    assert shop.paid == []


def test_allowed_by_name_it_fires_once(shop, tmp_path):
    swap = replay.swap.tool("look_up", {"total": 12.5})
    fork = tmp_path / "fork.cassette"
    options = {"on_divergence": "live", "save": fork, "allow_effects": ["pay_back"]}
    with replay.play(tmp_path / "run.cassette", swaps=[swap], **options):
        assert shop.agent() == "paid"
    assert shop.paid == [12.5]
    with replay.play(fork) as run:
        assert shop.agent() == "paid"
    assert run.result.identical
    assert shop.paid == [12.5], "the fork serves it"


def test_another_name_allows_nothing(shop, tmp_path):
    swap = replay.swap.tool("look_up", {"total": 12.5})
    with (
        pytest.raises(PolicyError),
        replay.play(tmp_path / "run.cassette", swaps=[swap], on_divergence="live", allow_effects=["pay_*"]),
    ):
        shop.agent()
    assert shop.paid == []


def test_an_unchanged_call_is_served_without_being_allowed(shop, tmp_path):
    swap = replay.swap.tool("look_up", {"total": 10.0})
    with replay.play(tmp_path / "run.cassette", swaps=[swap], on_divergence="live") as run:
        assert shop.agent() == "paid"
    assert (run.result.served, run.result.swapped, shop.paid) == (1, 1, [])


def test_what_stands_in_its_place_runs(shop, tmp_path):
    swap = replay.swap.tool("pay_back", lambda order, amount: f"would pay {amount}")
    with replay.play(tmp_path / "run.cassette", swaps=[swap]) as run:
        assert shop.agent() == "would pay 10.0"
    assert (run.result.swapped, shop.paid) == (1, [])
