from __future__ import annotations

from tests.matrix import table
from tests.matrix.environments import ENVIRONMENTS
from tests.matrix.rows import COLUMNS, ROWS


def test_the_readme_shows_the_last_run() -> None:
    assert table.shown() == table.render(table.load())


def test_the_last_run_had_every_row_and_every_cell_that_its_upstream_offers() -> None:
    kept = {row["name"]: row for row in table.load()}
    assert list(kept) == [row.name for row in ROWS]
    for row in ROWS:
        ran = {column for column, programs in kept[row.name]["cells"].items() if programs}
        assert ran == set(COLUMNS) - set(row.lacks), row.name


def test_each_row_has_an_environment_and_each_environment_a_row() -> None:
    assert {row.environment for row in ROWS} == {environment.name for environment in ENVIRONMENTS}


def test_the_rows_of_this_environment_hold_nothing_that_they_lack() -> None:
    for row in ROWS:
        if row.environment == "dev":
            columns = {column for column, _ in row.load()}
            assert columns <= set(COLUMNS) - set(row.lacks), row.name
