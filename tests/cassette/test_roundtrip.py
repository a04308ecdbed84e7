from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.cassette import Reader, Writer
from replay.cassette.file import File
from replay.cassette.frame import Frame
from replay.cassette.scan import walk
from replay.cassette.shelf import Shelf
from replay.cassette.stock import Stock
from replay.errors import CassetteError, UsageError
from replay.events import Chunk, End, Head, Note, Reads
from tests.cassette.runs import HEADER, Script, bodies, chat, scripts, write_run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cassettes")


@settings(max_examples=150)
@given(scripts, st.booleans())
def test_every_run_is_read_back_as_it_was_written(place: Path, script: Script, seal: bool):
    path = str(place / "any.cassette")
    writer = Writer.create(path, HEADER)
    written = script.write(writer)
    writer.close(seal)
    assert writer.gaps == []
    reader = Reader(path)
    assert reader.header == HEADER
    assert list(reader.events) == written
    assert [reader.event(event.id) for event in reversed(written)] == written[::-1]
    assert list(reader.keys()) == [(event.id, event.lineage, event.fingerprint) for event in written]
    assert (reader.cut is None) == seal
    assert (reader.verify() == []) == seal


@given(st.lists(bodies, max_size=4))
def test_bodies_are_restored_byte_by_byte(place: Path, given: list[bytes]):
    stock = Stock()
    items = [stock.body(body) for body in given]
    shelf = Shelf(lambda offset: pytest.fail("everything is on the shelf"))
    for offset, section in enumerate(stock.take_sections()):
        shelf.register(0, section[0], section[2], offset)
        shelf._opened[offset] = tuple(section)
    assert [shelf.data(0, item) for item in items] == given


def test_events_are_a_sequence(tmp_path: Path):
    events = [chat(id, tick=id * 10) for id in range(5)]
    write_run(tmp_path / "a.cassette", events)
    read = Reader(str(tmp_path / "a.cassette")).events
    assert len(read) == 5
    assert read[-1] == events[4]
    assert read[1:3] == events[1:3]
    with pytest.raises(IndexError):
        read[5]


def test_reads_and_notes_come_back(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    values = (1, 2.5, "x", b"y", (1, [2]), 2**100, float("inf"))
    writer.reads(Reads("0", "time.time_ns", values[:3]))
    writer.reads(Reads("0/a1", "random.random", (0.5,)))
    writer.reads(Reads("0", "time.time_ns", values[3:]))
    writer.note(Note("output", {"answer": [None, True]}))
    writer.close()
    reader = Reader(path)
    assert reader.reads == [Reads("0", "time.time_ns", values), Reads("0/a1", "random.random", (0.5,))]
    assert reader.notes == [Note("output", {"answer": [None, True]})]


def test_a_read_is_in_the_file_before_the_request_that_may_contain_it(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    writer.reads(Reads("0", "time.time_ns", (1,)))
    writer.issue(chat(writer.next_id()))
    assert Reader(path).reads == [Reads("0", "time.time_ns", (1,))]
    writer.close()


def test_a_request_is_in_the_file_before_its_answer_begins_and_shows_as_in_flight(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    event = chat(writer.next_id())
    writer.issue(event)
    reader = Reader(path)
    assert reader.cut == "cut short after event 0"
    assert reader.event(0).request == event.request
    assert reader.event(0).answer is None
    writer.close()


def test_a_slow_stream_is_in_the_file_as_it_comes(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    id = writer.next_id()
    writer.issue(chat(id))
    second = 10**9
    writer.parts(id, [Head(200)], second, 1)
    for n in range(3):
        writer.parts(id, [Chunk(b"%d" % n, (n + 2) * second, n + 2)], (n + 2) * second, n + 2)
        answer = Reader(path).event(id).answer
        assert answer is not None
        assert answer.body == b"012"[: n + 1]
        assert answer.end is None
    writer.close()


def test_what_waits_for_a_large_stream_is_bounded(tmp_path: Path):
    path = tmp_path / "a.cassette"
    writer = Writer.create(str(path), HEADER)
    id = writer.next_id()
    writer.issue(chat(id))
    piece = bytes(16 << 10)
    for n in range(64):
        writer.parts(id, [Chunk(piece, 0, n)], 0, n)
        assert path.stat().st_size >= (n + 1) * len(piece) - (80 << 10)
    writer.parts(id, [End()], 0, 65)
    writer.close()
    answer = Reader(str(path)).event(id).answer
    assert answer is not None
    assert len(answer.chunks) == 64
    assert answer.body == piece * 64


def test_bodies_and_chunks_larger_than_any_frame(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    body = (
        b'{"file":"'
        + b"x" * (20 << 20)
        + b'","messages":['
        + b",".join([b'"%d%s"' % (n, b"y" * 50) for n in range(999)])
        + b"]}"
    )
    writer = Writer.create(path, HEADER)
    event = chat(writer.next_id())
    writer.issue(replace(event, request=replace(event.request, body=body)))
    writer.parts(0, [Chunk(body, 5, 5)], 5, 5)
    writer.parts(0, [End()], 6, 6)
    writer.close()
    assert writer.gaps == []
    reader = Reader(path)
    assert reader.event(0).request.body == body
    assert reader.event(0).answer.body == body
    assert reader.verify() == []


def test_only_the_owner_can_read_the_file(tmp_path: Path):
    path = tmp_path / "a.cassette"
    write_run(path, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_cassette_is_replaced_while_another_process_still_reads_the_old_one(tmp_path: Path):
    path = tmp_path / "a.cassette"
    write_run(path, [chat(0)])
    reader = Reader(str(path))
    write_run(path, [])
    assert reader.event(0) == chat(0)
    assert len(Reader(str(path)).events) == 0


def test_a_file_that_is_no_cassette_is_never_replaced(tmp_path: Path):
    path = tmp_path / "agent.py"
    path.write_text("print('hello')")
    with pytest.raises(UsageError, match="is no cassette"):
        Writer.create(str(path), HEADER)
    assert path.read_text() == "print('hello')"


@pytest.mark.parametrize("name", ["", "missing/a.cassette"])
def test_a_path_that_cannot_be_written_is_an_error_at_once(tmp_path: Path, name: str):
    with pytest.raises((CassetteError, UsageError)) as caught:
        Writer.create(str(tmp_path / name), HEADER)
    assert caught.value.hint


def test_a_call_with_its_reads_is_two_frames(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    event = chat(writer.next_id(), chunks=1)
    writer.reads(Reads("0", "time.time", (1.5, 2)))
    writer.issue(event)
    writer.parts(0, [event.answer.head], event.answer.head_at, event.answer.head_tick)
    writer.parts(0, [event.answer.chunks[0]], event.answer.chunks[0].at, event.answer.chunks[0].tick)
    writer.reads(Reads("0/a1", "uuid", (b"x", 2**70)))
    writer.parts(0, [event.answer.end], event.answer.end_at, event.answer.end_tick)
    writer.close()
    names = [frame.name for frame in walk(File(path)) if isinstance(frame, Frame)]
    assert names == ["header", "issue", "parts", "seal", "tail"]
    reader = Reader(path)
    assert reader.reads == [Reads("0", "time.time", (1.5, 2)), Reads("0/a1", "uuid", (b"x", 2**70))]
    assert [reader.answer(0) for _ in range(2)] == [(event.tick, event.answer)] * 2
    assert reader.event(0) == event


def test_reads_decoded_first_do_not_shorten_an_answer_in_several_frames(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    event = chat(writer.next_id(), chunks=0)
    pieces = tuple(Chunk(b"%d" % n, n * 10**9, n + 2) for n in range(1, 5))
    event = replace(event, answer=replace(event.answer, chunks=pieces, end_at=9 * 10**9, end_tick=9))
    writer.issue(event)
    writer.parts(0, [event.answer.head], event.answer.head_at, event.answer.head_tick)
    for piece in pieces:
        writer.parts(0, [piece], piece.at, piece.tick)
    writer.reads(Reads("0", "time.time", (1.5,)))
    writer.parts(0, [event.answer.end], event.answer.end_at, event.answer.end_tick)
    writer.close()
    reader = Reader(path)
    assert list(reader.each_read()) == [Reads("0", "time.time", (1.5,))]
    assert reader.answer(0) == (event.tick, event.answer)


def test_an_answer_to_a_request_that_was_never_written_is_a_gap(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    writer.issue(chat(writer.next_id()))
    writer.parts(7, [End()], 1, 1)
    writer.close()
    assert len(writer.gaps) == 1
    assert "has no place in the index" in writer.gaps[0]
    assert any("a request that is not in the file" in problem for problem in Reader(path).verify())
