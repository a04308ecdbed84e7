from __future__ import annotations

import pytest

from replay.cli import unwatched
from replay.cli.launch import Outcome
from replay.engine.result import Result
from replay.engine.sources import Sources

TOLD = "replay: connections that uvloop makes are not refused: no filter for darwin on arm64\n"


@pytest.mark.parametrize(
    ("reason", "libraries", "told"),
    [
        ("no filter for darwin on arm64", ("httpx", "uvloop"), TOLD),
        ("no filter for darwin on arm64", ("httpx",), ""),
        ("", ("httpx", "uvloop"), ""),
    ],
)
def test_what_the_guard_cannot_see_is_told_where_it_matters(reason, libraries, told, capsys):
    unwatched.unguarded(Outcome(0, Result(unguarded=reason), True, "", False, (), libraries, Sources()))
    assert capsys.readouterr().err == told
