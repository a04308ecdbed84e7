"""Nothing goes live beyond the budget, and what was made before is kept."""

from __future__ import annotations

import pytest

import replay
from replay.engine.swaps import budget
from replay.engine.swaps.budget import Budget, Ledger
from replay.errors import PolicyError, UsageError

GPT5 = replay.swap.model("gpt-5", at="2-")


@pytest.mark.parametrize(("limit", "calls"), [("2calls", 2), ("1000tokens", 2), (0.0008, 1), ("1USD", 4)])
def test_the_first_call_that_would_exceed_it_is_not_made(stage, limit, calls):
    played = stage.play(GPT5, budget=limit)
    assert played.calls == calls
    if calls < 4:
        assert isinstance(played.error, PolicyError)
        assert played.result.halted[0] == 5


def test_the_fork_made_so_far_is_whole(stage):
    played = stage.play(GPT5, budget="2calls")
    assert played.fork.cut is None
    assert played.fork.verify() == []
    assert [step.source.origin for step in played.fork.steps if step.kind == "llm"] == ["served", "live", "live"]


def test_an_answer_corrects_the_estimate(stage):
    played = stage.play(GPT5, replay.swap.param("max_tokens", 5, at=13), budget="1800tokens")
    spent = sum(step.usage.input + step.usage.output for step in played.fork.steps[1:] if step.usage)
    assert played.error is None, "what the recorded answers took would not have fitted"
    assert spent < 1800


def test_a_model_without_a_price_is_told_before_it_is_asked(stage):
    played = stage.play(replay.swap.model("homemade-1"), budget=1)
    assert isinstance(played.error, UsageError)
    assert "no price is known for homemade-1" in played.error.message
    assert played.calls == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.50", Budget(0.5, "USD")),
        ("$2", Budget(2, "USD")),
        ("20000tokens", Budget(20000, "tokens")),
        ("1 call", Budget(1, "calls")),
    ],
)
def test_budgets_as_they_are_written(text, found):
    assert budget.parse(text) == found


@pytest.mark.parametrize("text", ["much", "-1", "1.5calls", "1e9", "10 euros"])
def test_what_is_no_budget(text):
    with pytest.raises(UsageError):
        budget.parse(text)


def test_processes_of_one_run_share_what_is_left(tmp_path):
    one, other = Ledger(tmp_path / "spent"), Ledger(tmp_path / "spent")
    assert one.spend(6, limit=10)
    assert not other.spend(6, limit=10)
    one.correct(-3)
    assert other.spend(6, limit=10)
    assert not one.spend(2, limit=10)
