from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.dialects.steps import steps
from replay.diff.align import align_steps
from replay.events import Request
from tests.diff.planting import heavy, planted
from tests.diff.runs import chat, completion, event, said
from tests.diff.trajectories import generated


def tool(name, /, **arguments):
    return Request("tool", "call", name, body=repr(sorted(arguments.items())).encode())


def aligned(old, new):
    """``(a, b)`` by number, None where there is none."""
    rows = align_steps(steps(old), steps(new))
    return [(row.a and row.a.number, row.b and row.b.number) for row in rows]


def numbered(*requests_and_answers, lineage="0"):
    return [event(at, request, answer, lineage) for at, (request, answer) in enumerate(requests_and_answers)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_every_step_of_both_runs_is_in_one_row_and_those_of_the_second_in_order(seed):
    trajectory, other = generated(seed, 15), generated(seed + 1, 15)
    before, after = planted(trajectory, heavy, other.turns, random.Random(seed))
    found = aligned(trajectory.render(before), trajectory.render(after))
    assert sorted(a for a, _ in found if a) == list(range(1, len(before) + 1))
    assert [b for _, b in found if b] == list(range(1, len(after) + 1))


def test_equal_runs_are_aligned_step_by_step():
    events = generated(3).render(generated(3).turns)
    assert aligned(events, events) == [(n, n) for n in range(1, len(events) + 1)]


def test_one_early_change_does_not_part_what_comes_after():
    trajectory = generated(5)
    first, *rest = trajectory.turns
    changed = [replace(first, said="something wholly different was said here"), *rest]
    found = aligned(trajectory.render(trajectory.turns), trajectory.render(changed))
    assert found == [(n, n) for n in range(1, len(changed) + 1)]


def test_equal_questions_with_different_answers_are_one_row():
    ask = chat(said("user", "Roll the dice."))
    old = numbered((ask, completion("four")), (ask, completion("two")))
    new = numbered((ask, completion("six")), (ask, completion("one")))
    assert aligned(old, new) == [(1, 1), (2, 2)]


def test_another_tool_in_the_same_place_is_another_step():
    old = numbered((tool("run_tests", path="src"), {"exit": 1, "log": "one failed"}))
    new = numbered((tool("edit_file", name="a.py", text="x = 1"), "written to disk"))
    assert aligned(old, new) == [(1, None), (None, 1)]


def test_the_same_tool_called_otherwise_in_the_same_place_is_the_same_step():
    old = numbered((tool("search", words="cheap red shoes"), ["nothing was found"]))
    new = numbered((tool("search", words="expensive blue hats and coats"), [1, 2, 3]))
    assert aligned(old, new) == [(1, 1)]


def test_a_step_that_changed_places_is_moved_and_its_neighbours_are_not():
    calls = [(tool(f"tool_{n}", words=f"some words of its own {n}"), f"value {n}") for n in range(6)]
    rows = align_steps(steps(numbered(*calls)), steps(numbered(*calls[1:5], calls[0], calls[5])))
    assert [(row.a.number, row.b.number) for row in rows] == [(2, 1), (3, 2), (4, 3), (5, 4), (1, 5), (6, 6)]
    assert [row.moved and (row.moved.after_a, row.moved.after_b) for row in rows] == [None] * 4 + [(0, 4), None]


def test_what_only_the_first_run_has_stays_where_it_was():
    calls = [(tool(f"tool_{n}"), f"value {n}") for n in range(4)]
    assert aligned(numbered(*calls), numbered(calls[0], *calls[2:])) == [(1, 1), (2, None), (3, 2), (4, 3)]


def branches(order):
    """Tasks that are given one thing each to do, created in this order."""
    return [
        event(at, tool("work", thing=f"the thing named {name}"), f"{name} is done", f"0/a{at + 1}")
        for at, name in enumerate(order)
    ]


def test_tasks_are_known_by_what_they_do_when_another_was_started_before_them():
    old, new = branches(["x", "y", "z"]), branches(["new", "x", "y", "z"])
    rows = align_steps(steps(old), steps(new))
    assert [(row.a and row.a.number, row.b and row.b.number) for row in rows] == [(None, 1), (1, 2), (2, 3), (3, 4)]
    assert not any(row.moved for row in rows)


def test_a_task_at_the_same_address_yields_to_one_that_did_clearly_more_of_the_same():
    def works(lineage, *names):
        return [event(0, tool(f"work_{name}", thing=f"the thing named {name}"), name, lineage) for name in names]

    def placed(*groups):
        return [replace(each, id=at) for at, each in enumerate(each for group in groups for each in group)]

    old = placed(works("0/a1", "x", "y", "z", "w", "v"))
    new = placed(works("0/a1", "v"), works("0/a2", "x", "y", "z", "w"))
    rows = align_steps(steps(old), steps(new))
    assert [row.b.lineage for row in rows if row.b and row.a and not row.moved] == ["0/a2"] * 4
    assert [(row.a.number, row.b.number, row.moved.branch) for row in rows if row.moved] == [(5, 1, True)]


def test_a_step_that_went_to_another_task_is_moved_between_branches():
    same = [event(n, tool(f"tool_{n}", words=f"words of its own {n}"), n, "0") for n in range(3)]
    other = [event(n + 3, tool(f"other_{n}", words=f"words of the other {n}"), n, "0/a1") for n in range(3)]
    gone = [*same[:2], *other, replace(same[2], id=9, lineage="0/a1")]
    rows = align_steps(steps([*same, *other]), steps(gone))
    moved = [(row.a.number, row.b.number, row.moved.branch) for row in rows if row.moved]
    assert moved == [(3, 6, True)]


def test_fingerprints_made_by_other_rules_are_made_anew():
    events = [replace(each, fingerprint=b"old rules") for each in generated(1).render(generated(1).turns)]
    rows = align_steps(steps(events), steps(events[2:]), trusted=False)
    assert [row.b is None for row in rows[:2]] == [True, True]
    assert all(row.a is not None for row in rows)
