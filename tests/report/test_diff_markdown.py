from __future__ import annotations

import re

from replay.report.diff_markdown import markdown
from tests.report import runs


def test_a_table_has_one_line_for_each_row_that_differs():
    lines = markdown(runs.support()).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert [re.findall(r"[^|]+", line)[0].strip() for line in table[2:]] == ["≠", "≠", "-", "=", "+"]
    assert lines[0] == "### ❌ <code>run.cassette</code> ⟷ <code>run.cassette</code>"


def test_equal_runs_are_said_to_be_identical():
    assert "✅" in markdown(runs.equal())
    assert "identical" in markdown(runs.equal())


def test_hostile_content_stays_within_its_cell_and_its_block():
    text = markdown(runs.hostile())
    outside = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", text, flags=re.DOTALL)
    for mark in ("script", "alert", "@everyone", "](", "cell", "# heading"):
        assert mark not in outside
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {7}
    assert set(re.findall(r"<(/?\w+)", text)) <= {
        "code",
        "/code",
        "pre",
        "/pre",
        "details",
        "/details",
        "summary",
        "/summary",
    }
