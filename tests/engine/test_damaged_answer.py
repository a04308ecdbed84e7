"""A damaged answer ends the replay, whatever the program does with errors that it does not know."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

import replay
from replay.errors import CassetteError


@replay.tool
def look_up(word: str) -> str:
    return f"all about {word}"


def test_a_program_that_swallows_every_error_does_not_hide_it(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with replay.record(path):
        look_up("lamps")
    data = path.read_bytes()
    at = data.index(b"all about")
    path.write_bytes(data[:at] + b"ALL" + data[at + 3 :])
    with pytest.raises(CassetteError), replay.play(path) as run, suppress(Exception):
        look_up("lamps")
    assert not run.result.identical
