"""Changes planted in real and generated runs: what belongs together is found again, which simpler ways do not."""

from __future__ import annotations

import os
import random
from functools import cache

import pytest

from replay.dialects.steps import steps
from tests.diff.planting import CHANGES, LIGHT_CHANGES, Score, by_equality, by_position, ours, planted, side_by_side
from tests.diff.trajectories import CORPUS, from_corpus, generated

EVERY = 1 if os.environ.get("REPLAY_PROVE") else 2
GENERATED = 240 // EVERY


@cache
def trajectories():
    """Real ones, if they are there, and generated ones."""
    return [*from_corpus(EVERY)], [generated(seed, 12 + seed % 40) for seed in range(GENERATED)]


def tell(capsys, line):
    with capsys.disabled():
        print(f"\n  {line}", end="")


def test_there_are_at_least_two_hundred_trajectories(capsys):
    real, made = trajectories()
    if not real:
        tell(capsys, f"no recordings at {CORPUS} (set REPLAY_CORPUS): planted changes are tried on generated runs only")
    assert len(real) + len(made) >= (200 if real else GENERATED)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_planted_is_aligned(change, capsys):
    least = 0.98 if change in LIGHT_CHANGES else 0.97
    for source, group in zip(("real", "generated"), trajectories(), strict=True):
        if not group:
            continue
        scores = scored(group, change)
        told = ", ".join(f"{name} {score.f1:.4f}" for name, score in scores.items())
        tell(capsys, f"{change.__name__:8} {source:9} F1: {told}")
        assert scores["aligned"].f1 >= least
        assert scores["aligned"].f1 >= scores["by equality"].f1


def scored(group, change):
    rng = random.Random(f"{change.__name__} 1")
    others = [turn for trajectory in group for turn in trajectory.turns]
    scores = {"aligned": Score(), "by position": Score(), "by equality": Score()}
    for trajectory in group:
        before, after = planted(trajectory, change, others, rng)
        old, new = (steps(trajectory.render(turns)) for turns in (before, after))
        for score, aligner in zip(scores.values(), (ours, by_position, by_equality), strict=True):
            score.add(before, after, aligner(old, new))
    return scores


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_tasks_that_run_side_by_side_are_aligned_each_on_its_own(change, capsys):
    """In every other pair of runs a task is started before the others, which shifts their addresses."""
    rng = random.Random(f"{change.__name__} 2")
    score = Score()
    for seed in range(0, GENERATED // 2, 5):
        tasks = [generated(1000 + seed + n, rng.randrange(8, 20)) for n in range(4)]
        others = [turn for task in tasks for turn in task.turns]
        changed = [change(list(task.turns), others, rng) or task.turns for task in tasks]
        new = [generated(9000 + seed, 6).turns, *changed] if seed % 2 else changed
        before, old = side_by_side([task.turns for task in tasks], tasks[0].render, rng)
        after, events = side_by_side(new, tasks[0].render, rng)
        score.add(before, after, ours(steps(old), steps(events)))
    tell(capsys, f"{change.__name__:8} tasks     F1: aligned {score.f1:.4f}")
    assert score.f1 >= 0.97
