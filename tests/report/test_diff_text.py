from __future__ import annotations

import re
from dataclasses import replace

from replay.diff.fields import Change
from replay.report import diff_text, rows
from tests.report import runs

EXPECTED = """\
run.cassette ⟷ run.cassette   first difference: step 1 (tool lookup)
 ≠    1    1  ▲ lookup  response.value.status: "sent to Ghent" → "lost at sea"
 ≠    2    2  ◆ answer  response.content: "It comes on Monday." → "It is lost."; 1 more field
 =    4    3  ▲ tool_1
 =    5    4  ▲ tool_2
   … 1 equal
 =    7    6  ▲ tool_4
 =    8    7  ▲ tool_5
 -    9    ·  ▲ tool_8  only in a
 =    3    8  ▲ tool_0  moved: after step 2 in a, after step 7 in b
 +    ·    9  ▲ tool_7  only in b
cause: the same was asked and the tool gave another result
6 equal, 2 changed, 1 only in b, 1 only in a, 1 moved"""


def test_the_rows_that_differ_are_shown_with_their_neighbours_and_the_cause():
    assert "\n".join(diff_text.overview(runs.support())) == EXPECTED


def test_one_row_is_shown_in_full_word_by_word_with_its_chain():
    found = runs.support()
    shown = "\n".join(diff_text.in_full(found, found.rows[1]))
    assert "  step 1: the same was asked and the tool gave another result" in shown
    assert "  cause: request.messages[1].content came from step 1 (tool lookup), response.value.status" in shown
    assert "--- request.messages[1].content (changed)\nIt is [-sent to Ghent-]{+lost at sea+}." in shown


def test_a_step_of_one_run_is_shown_as_it_is():
    found = runs.support()
    shown = "\n".join(diff_text.in_full(found, found.rows[-1]))
    assert "only in b" in shown
    assert '"words": "words of its own 7"' in shown and "value 7" in shown


def test_equal_runs_are_two_lines():
    assert list(diff_text.overview(runs.equal())) == [
        "run.cassette ⟷ run.cassette   identical",
        "1 equal",
    ]


def test_nothing_that_a_run_holds_steers_the_terminal():
    found = runs.hostile()
    lines = [*diff_text.overview(found), *(line for row in found.rows for line in diff_text.in_full(found, row))]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "\n".join(lines))
    assert all("\n" not in line for line in diff_text.overview(found))


def test_an_excerpt_shows_where_two_long_values_part():
    change = Change("x", "changed", f"{'a' * 500} old {'z' * 500}", f"{'a' * 500} new {'z' * 500}")
    before, after = rows.excerpts(change)
    assert before.startswith('"…aaa') and " old zz" in before and before.endswith('…"')
    assert " new zz" in after and len(after) < 60
    assert rows.excerpts(replace(change, how="added", before=None))[0] == "nothing"
