"""Files of older formats are converted step by step while they are opened; rules that are not known are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from replay.cassette import Reader
from replay.cassette import file as file_module
from replay.cassette.behaviour import CURRENT, check_behaviour
from replay.cassette.frame import MAGIC, PREAMBLE
from replay.cassette.migrate import STEPS
from replay.cassette.source import Source
from replay.errors import CassetteError
from tests.cassette.runs import HEADER, chat, write_run


def renumbered(number: int):
    def step(source: Source) -> Iterator[bytes]:
        assert PREAMBLE.unpack(source.read_at(0, PREAMBLE.size)) == (MAGIC, number)
        yield PREAMBLE.pack(MAGIC, number + 1)
        yield source.read_at(PREAMBLE.size, source.size)

    return step


def test_each_step_makes_the_next_format_and_the_file_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.cassette"
    write_run(path, [chat(0)])
    old = path.read_bytes()
    monkeypatch.setattr(file_module, "FORMAT", 3)
    monkeypatch.setitem(STEPS, 1, renumbered(1))
    with pytest.raises(CassetteError, match="format 2, which never was"):
        Reader(str(path))
    monkeypatch.setitem(STEPS, 2, renumbered(2))
    assert list(Reader(str(path)).events) == [chat(0)]
    assert Reader(str(path)).verify() == []
    assert path.read_bytes() == old


def test_rules_that_are_known_are_replayed_and_newer_ones_refused():
    check_behaviour(replace(HEADER, behaviour=dict(CURRENT)))
    check_behaviour(replace(HEADER, behaviour={}))
    for behaviour in ({"fingerprint": CURRENT["fingerprint"] + 1}, {"a rule of later": 1}):
        with pytest.raises(CassetteError, match="rules that this version does not know") as caught:
            check_behaviour(replace(HEADER, behaviour=behaviour))
        assert "replay show" in caught.value.hint
