"""What a swap will take, said before anything runs."""

from __future__ import annotations

import pytest

import replay
from replay.errors import UsageError


@pytest.mark.parametrize(
    ("swap", "live", "swapped"),
    [
        ("model=gpt-5", [1, 2, 7, 10, 13], []),
        ("model@1=gpt-5", [1], []),
        ("model@7=gpt-5", [7, 10, 13], []),
        ("model=gpt-5-mini", [], []),
        ("param:temperature@1=0", [], []),
        ("prompt:/friendly/=friendly", [], []),
        ("prompt:/friendly/=gruff", [2, 7, 10, 13], []),
        ("response:10=No.", [13], [10]),
        ('tool:refund_order="no"', [13], [11]),
        ("http:POST http://*/refunds={}", [13], [11, 12]),
    ],
)
def test_it_is_the_most_that_then_happens(stage, swap, live, swapped):
    found = replay.swap.forecast(stage.cassette, [swap])
    assert (found.live, found.swapped) == (live, swapped)
    assert found.first == min([*live, *swapped], default=None)
    played = stage.play(swap, allow_effects=["refund_order"])
    assert played.calls <= len(live), "the run may come back to what was recorded, or end before"
    changed = (step.number for step in played.fork.steps if step.source.origin != "served")
    assert next(changed, None) == found.first


def test_tokens_and_cost_are_those_of_the_new_model(stage):
    small = replay.swap.forecast(stage.cassette, ["param:temperature=0.3"])
    large = replay.swap.forecast(stage.cassette, ["param:temperature=0.3", "model=gpt-5"])
    assert small.usage.output == large.usage.output == replay.open(stage.cassette).usage.output
    assert small.cost < large.cost
    assert replay.swap.forecast(stage.cassette, ["model=homemade-1"]).cost is None
    other = replay.swap.forecast(stage.cassette, ["model=anthropic:claude-haiku-4-5"])
    assert other.cost > 0
    assert stage.models.calls == 0


def test_a_swap_that_matches_nothing_has_no_forecast(stage):
    with pytest.raises(UsageError, match="matches nothing"):
        replay.swap.forecast(stage.cassette, ["tool:nope=1"])
