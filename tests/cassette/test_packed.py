"""A packed cassette is the cassette, at any offset."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.cassette import Reader
from replay.cassette import packed as packed_module
from replay.cassette.file import File
from replay.cassette.packed import Packed, pack_bytes, unpack_bytes
from replay.cassette.source import Plain, open_source
from replay.errors import CassetteError
from tests.cassette.runs import chat, write_run

EVENTS = [chat(id, turns=id % 9, tick=id * 10, chunks=40) for id in range(120)]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A cassette, and its packed copy in blocks of 4 KiB."""
    monkeypatch.setattr(packed_module, "BLOCK", 4096)
    plain, packed = tmp_path / "a.cassette", tmp_path / "a.cassette.zst"
    write_run(plain, EVENTS)
    file = File(str(plain))
    packed.write_bytes(b"".join(pack_bytes(file.source)))
    return plain, packed


def test_every_byte_is_where_it_was(files: tuple[Path, Path]):
    data = files[0].read_bytes()
    source = open_source(str(files[1]))
    assert isinstance(source, Packed)
    assert source.size == len(data)
    dice = random.Random(1)
    for _ in range(200):
        start, count = dice.randrange(len(data) + 10), dice.choice((0, 1, 33, 5000, len(data)))
        assert source.read_at(start, count) == data[start : start + count]
    assert b"".join(unpack_bytes(source)) == data
    assert list(Reader(str(files[1])).events) == EVENTS
    assert Reader(str(files[1])).verify() == []


def test_the_first_answer_does_not_take_the_whole_file(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch):
    unpacked: list[int] = []
    unpack = Packed._unpack
    monkeypatch.setattr(Packed, "_unpack", lambda self, number: unpacked.append(number) or unpack(self, number))
    reader = Reader(str(files[1]))
    assert reader.event(0) == EVENTS[0]
    file = File(str(files[0]))
    assert len(set(unpacked)) * 4096 < file.size - 30_000


def test_damage_in_a_block_costs_the_frames_in_it_and_no_others(files: tuple[Path, Path]):
    data = bytearray(files[1].read_bytes())
    data[len(data) // 3] ^= 0x55
    files[1].write_bytes(data)
    reader = Reader(str(files[1]))
    problems = reader.verify()
    assert any("frame" in problem and "at byte" in problem for problem in problems)
    assert any("packed block" in problem for problem in problems)
    whole = 0
    for row in range(len(EVENTS)):
        try:
            whole += reader.event_in_row(row) == EVENTS[row]
        except CassetteError:
            continue
    assert whole > len(EVENTS) * 0.6


@settings(max_examples=150)
@given(st.data())
def test_any_damage_gives_our_own_error_or_none(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    place = tmp_path_factory.mktemp("packed")
    write_run(place / "a.cassette", EVENTS[:2])
    file = File(str(place / "a.cassette"))
    packed = bytearray(b"".join(pack_bytes(file.source)))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    (place / "b").write_bytes(packed)
    try:
        Reader(str(place / "b")).verify()
    except CassetteError as error:
        assert str(error)


def test_what_zstd_made_is_told_from_what_we_made(tmp_path: Path):
    import zstandard

    (tmp_path / "a").write_bytes(zstandard.ZstdCompressor().compress(b"\x89replay\n" * 100))
    with pytest.raises(CassetteError, match="no table"):
        Reader(str(tmp_path / "a"))


def test_a_file_that_is_not_packed_is_read_as_it_is(files: tuple[Path, Path]):
    assert isinstance(open_source(str(files[0])), Plain)
