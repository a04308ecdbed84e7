"""What is whole stays, what is lost is told, and the new file is whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from replay.cassette import Reader, Writer
from replay.cassette.cipher import Cipher
from replay.cassette.file import File
from replay.cassette.frame import PREAMBLE, START, Frame, Kind
from replay.cassette.header import header_json
from replay.cassette.repair import CUT, repair
from replay.cassette.rewrite import Piece, pieces_of, rewritten
from replay.cassette.scan import walk
from replay.errors import CassetteError
from tests.cassette.runs import HEADER, chat, write_event, write_run

EVENTS = [chat(id, turns=id + 1, tick=id * 10) for id in range(5)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "a.cassette"
    write_run(path, EVENTS)
    return path


def frames(path: Path) -> list[Frame]:
    return [frame for frame in walk(File(str(path))) if isinstance(frame, Frame)]


def mended(path: Path) -> Reader:
    target = path.with_name("mended.cassette")
    repair(str(path), str(target))
    reader = Reader(str(target))
    assert reader.verify() == []
    assert target.stat().st_mode & 0o777 == 0o600
    return reader


def test_cut_at_any_frame_all_before_it_is_kept(run: Path):
    whole = run.read_bytes()
    for frame in frames(run)[1:-2]:
        run.write_bytes(whole[: frame.offset + 7])
        before = Reader(str(run))
        after = mended(run)
        assert list(after.events) == list(before.events)
        assert after.header == HEADER
        assert after.notes[-1].data == CUT


def test_any_damage_leaves_a_file_that_is_whole(run: Path):
    whole = run.read_bytes()
    dice = random.Random(5)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(3):
            data[dice.randrange(PREAMBLE.size, len(data))] ^= 1 << dice.randrange(8)
        run.write_bytes(data)
        kept = mended(run)
        assert all(event in EVENTS or event.answer != EVENTS[event.id].answer for event in kept.events)


def test_a_lost_header_is_replaced_and_told(run: Path):
    data = bytearray(run.read_bytes())
    data[PREAMBLE.size + START.size + 9] ^= 1
    run.write_bytes(data)
    with pytest.raises(CassetteError, match=r"frame 0 \(header\) at byte 12: the checksum is wrong"):
        Reader(str(run))
    reader = mended(run)
    assert list(reader.events) == EVENTS
    assert reader.header.tags == {"repaired": "the header was lost"}
    assert any(note.kind == "gap" and "header" in note.data for note in reader.notes)


def test_blobs_in_a_frame_that_makes_no_sense_are_kept_for_others(run: Path):
    file = File(str(run))
    first, *rest = pieces_of(file)
    assert first.payload[0] is not None
    nonsense = Piece(Kind.NOTE, first.writer, [first.payload[0], "output", "no data"])
    answer = next(at for at, piece in enumerate(rest) if piece.kind == Kind.PARTS)
    rest[answer] = Piece(Kind.BLOBS, 0, rest[answer].payload[:1])
    run.write_bytes(b"".join(rewritten(header_json(file), [nonsense, *rest])))
    assert list(mended(run).events) == EVENTS[1:]


def test_processes_keep_their_own_blobs(tmp_path: Path):
    path = tmp_path / "a.cassette"
    root = Writer.create(str(path), HEADER)
    children = [Writer.join(str(path), f"0/p{n}") for n in range(3)]
    for turn in range(4):
        for writer in (root, *children):
            write_event(writer, chat(writer.next_id(), turns=turn + 2))
    for writer in children:
        writer.close(seal=False)
    before = list(Reader(str(path)).events)
    assert list(mended(path).events) == before


def test_an_encrypted_file_stays_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REPLAY_KEY", "env:OF_THE_TEST")
    monkeypatch.setenv("OF_THE_TEST", bytes(range(32)).hex())
    path = tmp_path / "a.cassette"
    writer = Writer.create(str(path), HEADER, Cipher.new())
    write_event(writer, chat(writer.next_id()))
    writer.close(seal=False)
    assert list(mended(path).events) == [chat(0)]
    assert b"gpt" not in (tmp_path / "mended.cassette").read_bytes()
    monkeypatch.delenv("REPLAY_KEY")
    with pytest.raises(CassetteError, match="no key is named"):
        repair(str(path), str(tmp_path / "none.cassette"))
    assert not (tmp_path / "none.cassette").exists()
