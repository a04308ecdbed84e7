"""The state without a terminal: what is drawn at a row depends on the row, not on the way there."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from replay.errors import UsageError
from replay.tui.view import because, header, moves, notes, status, timeline
from replay.tui.view.pages import TABS
from replay.tui.view.panes import Pages
from replay.tui.view.runs import Runs
from replay.tui.view.text import plain
from replay.tui.view.viewer import Viewer
from replay.tui.view.wrap import Layout
from tests.tui import stories


def two() -> Viewer:
    return Viewer(Runs(stories.mended(), stories.cheaper()))


def drawn(viewer: Viewer) -> str:
    """All that a person would see, as text."""
    panes = Pages(viewer).panes(viewer.view)
    layout = Layout(panes.columns, 60)
    sides = range(len(panes.columns))
    lines = [
        header.title(viewer.runs, 120),
        *[timeline.line(viewer, y, 40) for y in range(len(viewer.visible))],
        *[layout.shown(y, side) for side in sides for y in range(layout.height)],
        *because.why(viewer, 80),
        status.status(viewer, 120),
    ]
    return "\n".join([*map(plain, lines), *panes.titles, *panes.subtitles])


def test_the_view_model_needs_no_textual():
    code = "import sys, replay.tui.view.panes, replay.tui.view.keys; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("runs", [stories.long.__name__, "two"])
def test_the_state_at_each_step_is_the_same_forwards_and_backwards(tab, runs):
    viewer = two() if runs == "two" else Viewer(Runs(stories.long(40)))
    viewer.tab = tab
    viewer.move("first")
    forwards = [drawn(viewer)]
    while viewer.at < len(viewer.rows) - 1:
        viewer.move("next")
        forwards.append(drawn(viewer))
    backwards = [drawn(viewer)]
    while viewer.at:
        viewer.move("previous")
        backwards.append(drawn(viewer))
    assert backwards == forwards[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_a_row_looks_the_same_after_any_walk(seed):
    dice, seen = random.Random(seed), {}
    viewer = two()
    viewer.tab = "response"
    for _ in range(150):
        viewer.move(dice.choice(list(moves.MOVES)))
        viewer.said = ""
        assert seen.setdefault(viewer.at, drawn(viewer)) == drawn(viewer)


def test_every_move_but_the_first_and_last_can_be_taken_back_by_its_twin():
    for forward, backward in (("next", "previous"), ("continue", "continue-back"), ("over", "over-back")):
        viewer = two()
        viewer.put(6)
        viewer.move(forward)
        viewer.move(backward)
        assert viewer.at == 6


def test_back_goes_through_the_jumps_one_by_one():
    viewer = two()
    for where in ("1", "9", "4"):
        viewer.goto(where)
    trail = []
    for _ in range(3):
        viewer.back()
        trail.append(viewer.at)
    assert trail == [10, 0, 6]
    viewer.back()
    assert "nowhere" in viewer.said


def test_moves_stay_within_the_filter():
    viewer = two()
    viewer.filter_by("kind:llm")
    viewer.move("first")
    seen = [viewer.at]
    while not viewer.said:
        viewer.move("next")
        seen.append(viewer.at)
    assert seen[:-1] == viewer.visible
    assert all(viewer.rows[at].step.kind == "llm" for at in seen)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("kind:tool", [2, 4, 7, 9]),
        ("kind:llm,span diff:true", [6, 8, 10]),
        ("!kind:llm !kind:span", [2, 4, 7, 9]),
        ("name:read_* kind:tool", [4]),
        ("model:gpt-5-mini", [6, 8, 10]),
        ("origin:live kind:tool", [7, 9]),
        ("took:>1s", [0, 5]),
        ("tokens:>150 kind:llm diff:false", []),
        ('"All tests pass"', [10]),
        ("tool:edit_file", [7]),
        ("at:>5.2 kind:llm", [10]),
    ],
)
def test_a_query_finds_its_rows(query, rows):
    viewer = two()
    test = viewer.query(query)
    assert [row.at for row in viewer.rows if test.holds(row)] == rows


@pytest.mark.parametrize("query", ["cost:dear", "diff:perhaps", '"open', "took:>1y"])
def test_a_query_that_cannot_be_read_says_so(query):
    with pytest.raises(UsageError):
        two().query(query)


def test_a_run_that_grows_keeps_the_cursor_on_its_step_and_at_the_end_follows_it():
    viewer = Viewer(Runs(stories.long(10)))
    viewer.put(4)
    viewer.look_again(Runs(stories.long(20)))
    assert (viewer.at, len(viewer.rows)) == (4, 20)
    viewer.move("last")
    viewer.look_again(Runs(stories.long(30)))
    assert viewer.at == 29


def test_an_empty_run_answers_every_move_in_words():
    viewer = Viewer(Runs(stories.empty()))
    for name in moves.MOVES:
        viewer.move(name)
        assert viewer.said == "there is no step"
    assert drawn(viewer)


def test_notes_are_for_the_run_now_and_are_read_again(tmp_path):
    runs = Runs(stories.mended(tmp_path), stories.cheaper(tmp_path))
    viewer = Viewer(runs)
    viewer.write_note("odd")
    viewer.judge("good: fast enough")
    again = Viewer(runs)
    assert again.notes.steps == {7: "odd"}
    assert again.notes.verdict == notes.Verdict("good", "fast enough")
    assert [row.at for row in again.rows if again.query("note:true").holds(row)] == [6]
    again.write_note("  ")
    assert Viewer(runs).notes.steps == {}


BROKEN = ["", "[]", '{"schema": "other"}', '{"schema": "replay.notes/1", "steps": []', "\x00"]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_holds_no_notes_is_an_error_and_not_overwritten(content, tmp_path):
    runs = Runs(stories.mended(tmp_path))
    path = notes.path_of(runs.a.path)
    path.write_text(content)
    with pytest.raises(UsageError, match="holds no notes"):
        Viewer(runs)
    assert path.read_text() == content


def test_notes_of_odd_shapes_are_left_out(tmp_path):
    path = notes.path_of(tmp_path / "x.cassette")
    path.write_text('{"schema": "replay.notes/1", "steps": {"1": "a", "x": "b", "2": 7}, "verdict": {"word": "so so"}}')
    assert notes.load(tmp_path / "x.cassette") == notes.Notes({1: "a"})
