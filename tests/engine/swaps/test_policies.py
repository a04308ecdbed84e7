"""What happens where the recording has no answer."""

from __future__ import annotations

import httpx
import pytest

import replay
from replay.errors import DivergenceError, UsageError
from replay.events import Answer, Chunk, End, Head

GPT5 = replay.swap.model("gpt-5")


def test_raise_ends_the_run_at_the_swap_and_asks_nobody(stage):
    played = stage.play(GPT5, live=False)
    assert isinstance(played.error, DivergenceError)
    assert played.calls == 0
    assert [(each.step, each.swap) for each in played.result.divergences] == [(1, "model=gpt-5")]


def test_a_swap_that_gives_the_answer_needs_no_world(stage):
    played = stage.play(replay.swap.response(2, "No."), live=False)
    assert played.said == "[refund] No."
    assert not played.result.identical and not played.result.divergences


def test_nearest_serves_the_recorded_answer_and_says_so(stage):
    played = stage.play(GPT5, on_divergence="nearest")
    assert (played.calls, played.origins) == (0, {"nearest": 5, "served": 5})
    assert played.result.nearest == 5 and not played.result.identical
    stage.plays_alone(played)


def test_nearest_where_nothing_is_near_is_a_divergence(stage):
    calls = {"tool_calls": [{"name": "delivery_estimate", "arguments": {"city": "Oslo"}}] * 5}
    played = stage.play(replay.swap.response(7, calls), on_divergence="nearest")
    assert isinstance(played.error, DivergenceError)
    assert played.result.nearest == 2, "two estimates were recorded, and each stands for one call"


def test_a_function_decides_each_time(stage):
    asked = []

    def decide(divergence):
        asked.append(divergence.step)
        return "live" if divergence.step == 1 else "nearest"

    played = stage.play(GPT5, on_divergence=decide)
    assert asked == [1, 2, 5, 8, 10]
    assert (played.calls, played.origins) == (1, {"live": 1, "nearest": 4, "served": 5})


def test_a_function_may_give_the_answer_itself(stage):
    body = b'{"choices": [{"message": {"role": "assistant", "content": "other"}, "finish_reason": "stop"}]}'
    answer = Answer(Head(200, headers=(("content-type", "application/json"),)), chunks=(Chunk(body),), end=End())
    played = stage.play(replay.swap.model("gpt-5", at=1), on_divergence=lambda _: answer)
    assert played.said.startswith("[other]")
    assert played.calls == 0


def test_a_function_that_decides_nonsense_is_told(stage):
    played = stage.play(GPT5, on_divergence=lambda _: "maybe")
    assert isinstance(played.error, UsageError)
    assert "gave 'maybe'" in played.error.message


def test_a_function_that_fails_is_told_and_not_taken_for_the_programs_failure(stage):
    played = stage.play(GPT5, on_divergence=lambda _: 1 / 0)
    assert isinstance(played.error, UsageError)
    assert (
        played.error.message == "the function that decides on divergences failed: ZeroDivisionError: division by zero"
    )


def test_what_a_function_asks_of_the_world_is_no_part_of_the_run(stage):
    def decide(_):
        assert httpx.get(f"{stage.models.url}/weather?city=Ghent").status_code == 200
        return "nearest"

    played = stage.play(GPT5, on_divergence=decide)
    assert (played.calls, played.origins) == (5, {"nearest": 5, "served": 5})


def test_a_policy_that_there_is_not_lists_those_there_are(stage):
    with pytest.raises(UsageError) as told:
        stage.play(GPT5, on_divergence="perhaps")
    assert told.value.hint == "raise, live, nearest, ask, or pkg.mod:function"


def test_a_program_that_swallows_everything_still_hears_of_it(stage):
    def ask_and_swallow():
        try:
            return stage.ask()
        except BaseException:
            return "all is well"

    with pytest.raises(DivergenceError), replay.play(stage.cassette, swaps=[GPT5]) as run:
        ask_and_swallow()
    assert run.result.stopped
