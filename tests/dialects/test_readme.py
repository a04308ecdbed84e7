"""The README's table of formats is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from replay.dialects.shapes import SHAPES
from replay.dialects.table import DIALECTS

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("## What of a call to a model is read")[2].partition("\n## ")[0]


def test_each_format_is_in_the_table_and_no_other():
    rows = [line for line in SECTION.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`([\w.-]+)`", row.split("|")[1])]
    assert sorted(told) == sorted({dialect.name for dialect in DIALECTS})


def test_the_formats_that_swaps_edit_are_told():
    (sentence,) = re.findall(r"Swaps edit what is said in (.*?)\. `make", SECTION, re.DOTALL)
    assert sorted(re.findall(r"`([\w.]+)`", sentence)) == sorted(SHAPES)
