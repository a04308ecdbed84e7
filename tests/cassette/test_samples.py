"""Files of every format ever released open, and say what they said on the day they were made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from replay.cassette import Reader
from tests.cassette import sample
from tests.cassette.runs import HEADER

SAMPLES = Path(__file__).parent / "samples"


def test_format_1_opens():
    reader = Reader(str(SAMPLES / "format-1.cassette"))
    assert reader.header == HEADER
    assert list(reader.events) == [*sample.EVENTS, replace(sample.IN_FLIGHT, answer=sample.PARTIAL)]
    assert reader.reads == sample.READS
    assert reader.notes == sample.NOTES
    assert reader.cut is None
    assert reader.verify() == []


def test_an_equal_run_is_an_equal_file(tmp_path: Path):
    path = tmp_path / "again.cassette"
    sample.write(str(path))
    assert path.read_bytes() == (SAMPLES / "format-1.cassette").read_bytes()
