"""Each key, pressed in the real app, does what the table says: looked at in the state, not on the screen."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from replay.errors import UsageError
from replay.tui.view.keys import KEYS, remapped
from replay.tui.view.viewer import Viewer
from tests.tui import stories
from tests.tui.stage import on_stage, press, shown, typed, until


def two(folder):
    return stories.mended(folder), stories.cheaper(folder)


async def at_after(folder, *keys, start=None):
    """The row after ``keys``, from row ``start`` or from where two runs open."""
    async with on_stage(*two(folder)) as (app, pilot):
        if start is not None:
            app.viewer.put(start)
        await press(pilot, *keys)
        return app.viewer.at


MOVES = {
    # rows: 0 planner, 1-4 in it, 5 mender, 6 edit_file (first difference), 7, 8 only in B, 9, 10
    ("s",): (0, 1), ("S",): (1, 0), ("down",): (0, 1), ("up",): (1, 0), ("j",): (0, 1), ("k",): (1, 0),
    ("n",): (0, 5), ("N",): (5, 0), ("f",): (1, 4), ("F",): (3, 0), ("c",): (6, 7), ("C",): (7, 6),
    ("d",): (0, 6), ("D",): (0, 10), ("g",): (5, 0), ("G",): (5, 10), ("home",): (5, 0), ("end",): (5, 10),
    ("G", "backspace"): (3, 3), ("b", "g", "c"): (3, 3),
}  # fmt: skip


@pytest.mark.parametrize("keys", MOVES, ids="-".join)
async def test_a_key_moves_the_cursor(keys, tmp_path):
    start, end = MOVES[keys]
    assert await at_after(tmp_path, *keys, start=start) == end


async def test_two_runs_open_at_the_first_difference(tmp_path):
    assert await at_after(tmp_path) == 6


@pytest.mark.parametrize(("key", "why"), [("s", "last row"), ("f", "no span"), ("c", "no difference"), ("e", "")])
async def test_a_key_that_can_do_nothing_says_why(key, why, tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        app.viewer.put(10)
        await press(pilot, key)
        assert app.viewer.at == 10
        assert why in app.viewer.said
        assert app.viewer.said


@pytest.mark.parametrize(
    ("where", "at"), [("8", 9), ("b:9", 8), ("llm:3", 6), ("tool:1", 2), ("+4.1s", 5), ("50%", 5), ("100%", 10)]
)
async def test_colon_goes_to_what_is_named(where, at, tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "g", "colon")
        await typed(pilot, where)
        assert app.viewer.at == at


async def test_colon_says_what_it_does_not_understand(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "colon")
        await typed(pilot, "nowhere")
        assert "names no row" in app.viewer.said
        assert app.viewer.at == 6


async def test_a_prompt_that_is_left_does_nothing(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "colon", "1", "escape")
        assert app.viewer.at == 6
        assert app.viewer.said == ""


async def test_slash_searches_all_steps_and_dot_and_comma_go_round(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "g", "slash")
        await typed(pilot, "TEST_PARSE.PY")
        found = app.viewer.found
        assert app.viewer.at == found[0] == 2
        assert app.viewer.said.startswith(f"1/{len(found)}")
        await press(pilot, "full_stop")
        assert app.viewer.at == found[1]
        await press(pilot, "comma", "comma")
        assert app.viewer.at == found[-1]


async def test_ampersand_filters_the_rows(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "ampersand")
        await typed(pilot, "kind:tool diff:true")
        assert app.viewer.visible == [7, 9]
        await press(pilot, "g")
        assert app.viewer.at == 7
        await press(pilot, "ampersand")
        await typed(pilot, "")
        assert len(app.viewer.visible) == 11


async def test_a_filter_that_no_row_passes_is_refused(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "ampersand")
        await typed(pilot, "kind:process")
        assert len(app.viewer.visible) == 11
        assert "no row" in app.viewer.said


TABS = {"1": "response", "2": "request", "3": "messages", "4": "metrics", "5": "raw"}


@pytest.mark.parametrize(("key", "tab"), [*TABS.items()])
async def test_digits_turn_to_the_tabs(key, tab, tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "5", key)
        assert app.viewer.tab == tab


async def test_v_goes_round_the_views(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        seen = []
        for _ in range(4):
            await press(pilot, "v")
            seen.append(app.shape)
        assert seen == ["unified", "a", "b", "split"]


async def test_on_a_narrow_screen_two_columns_become_one(tmp_path):
    async with on_stage(*two(tmp_path), size=(80, 24)) as (app, pilot):
        assert app.shape == "unified"
        await press(pilot, "v")
        assert app.shape == "a"


async def test_w_and_t_change_how_a_difference_is_shown(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "w", "t")
        assert (app.viewer.grain, app.viewer.structure) == ("character", False)


async def test_brackets_go_from_change_to_change(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "2")
        hunks = app.pages.panes("split").hunks
        await press(pilot, "right_square_bracket")
        assert app.viewer.hunk == 1 % len(hunks)
        await press(pilot, "left_square_bracket")
        assert app.viewer.hunk == 0


async def test_i_leaves_fields_out_of_the_comparison(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        before = app.viewer.runs.diff.counts["≠"]
        await press(pilot, "i")
        await typed(pilot, "request.model response")
        assert app.viewer.runs.ignore == ("request.model", "response")
        assert app.viewer.runs.diff.counts["≠"] < before
        assert "response" in shown(app).splitlines()[-2]


async def test_enter_opens_the_row_that_a_difference_comes_from(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        last = app.viewer.rows[10].pair
        await press(pilot, "G", "enter")
        assert app.viewer.at == last.chain[0].row - 1
        await press(pilot, "backspace")
        assert app.viewer.at == 10


async def test_enter_at_the_root_turns_to_the_field(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "5", "enter")
        assert app.viewer.tab == "request"
        await press(pilot, "enter")
        assert app.viewer.tab == "response"


async def test_shift_b_sets_breakpoints_by_condition(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "g", "B")
        await typed(pilot, "name:read_file kind:tool")
        await press(pilot, "c")
        assert app.viewer.at == 4
        await press(pilot, "B")
        await typed(pilot, "")
        assert app.viewer.conditions == []


async def test_m_keeps_a_note_beside_the_cassette(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "m")
        await typed(pilot, "why edit first?")
        assert app.viewer.notes.steps == {7: "why edit first?"}
        assert (tmp_path / "fix@mini.cassette.notes.json").exists()
        assert Viewer(app.viewer.runs).notes == app.viewer.notes
        assert "why edit first?" in shown(app)


async def test_shift_m_judges_the_run(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "M")
        await typed(pilot, "bad edits blindly")
        await typed(pilot, "look first")
        verdict = app.viewer.notes.verdict
        assert (verdict.word, verdict.why, verdict.corrected) == ("bad", "edits blindly", "look first")
        await press(pilot, "M")
        await typed(pilot, "perhaps")
        assert "no verdict" in app.viewer.said
        assert app.viewer.notes.verdict == verdict


async def test_y_copies_the_pane_and_shift_y_the_command(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "y")
        assert '"name": "edit_file"' in app.clipboard
        await press(pilot, "Y")
        assert app.clipboard == f"replay ui {tmp_path}/fix.cassette {tmp_path}/fix@mini.cassette --step 7"


async def test_x_lists_where_a_text_comes_from_and_goes_there(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "x")
        await typed(pilot, "def parse(text)")
        assert "first in step 5" in shown(app)
        await press(pilot, "enter")
        await pilot.pause()
        assert (app.viewer.at, app.viewer.tab) == (4, "response")


async def test_question_mark_shows_every_key(tmp_path):
    async with on_stage(*two(tmp_path), size=(120, 80)) as (app, pilot):
        await press(pilot, "question_mark")
        lines = app.screen.query_one("#choice").lines.lines
        told = "\n".join("".join(span.text for span in line) for line in lines)
        assert all(key.tip in told for key in KEYS)
        await press(pilot, "escape")
        assert len(app.screen_stack) == 1


async def test_shift_t_takes_another_theme(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        before = app.theme
        await press(pilot, "T")
        assert app.theme != before


async def test_q_leaves(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "q")
        assert app._exit


async def test_space_scrolls_the_pane_and_moving_on_begins_at_the_top_again(tmp_path):
    async with on_stage(stories.huge(), size=(100, 30)) as (app, pilot):
        await press(pilot, "space", "space")
        assert app.view("pane-a").scroll_y > 0
        await press(pilot, "pageup", "pageup")
        assert app.view("pane-a").scroll_y == 0


async def test_a_click_goes_to_a_row_and_to_a_tab(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await pilot.click("#timeline", offset=(10, 3))
        await pilot.pause()
        assert app.viewer.at == 2
        await pilot.click("#tabs", offset=(20, 0))
        await pilot.pause()
        assert app.viewer.tab == "request"


async def test_the_palette_offers_every_action(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, _):
        offered = {command.title.split()[0] for command in app.get_system_commands(app.screen)}
        assert offered == {key.id for key in KEYS}


async def test_an_action_is_taken_from_the_palette(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await press(pilot, *"last-difference")
        await until(pilot, lambda: app.screen.query("OptionList").first().option_count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: app.viewer.at == 10)


async def test_keys_are_remapped_and_the_old_ones_given_up(tmp_path):
    keymap = remapped({"first": "ctrl+t", "search": "ctrl+f,/"})
    async with on_stage(*two(tmp_path), keymap=keymap) as (app, pilot):
        await press(pilot, "g")
        assert app.viewer.at == 6
        await press(pilot, "ctrl+t")
        assert app.viewer.at == 0
        await press(pilot, "ctrl+f")
        assert len(app.screen_stack) == 2


@pytest.mark.parametrize("table", [{"nothing": "a"}, {"next": 7}, {"next": ""}, {"next": "z", "first": "z"}])
def test_keys_that_make_no_sense_are_refused(table):
    with pytest.raises(UsageError, match=r"tool\.replay\.keys"):
        remapped(table)


async def test_e_without_a_terminal_says_that_no_editor_can_start(tmp_path):
    async with on_stage(*two(tmp_path)) as (app, pilot):
        await press(pilot, "e")
        assert "no editor" in app.viewer.said


async def test_e_that_changes_nothing_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    async with on_stage(*two(tmp_path)) as (app, pilot):
        monkeypatch.setattr(app, "suspend", nullcontext)
        await press(pilot, "e")
        await until(pilot, lambda: "nothing was changed" in app.viewer.said)
