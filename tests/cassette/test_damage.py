from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from replay.cassette import Reader
from replay.cassette.file import File
from replay.cassette.frame import PREAMBLE, START, Frame, encode_frame
from replay.cassette.scan import walk
from replay.errors import CassetteError
from tests.cassette.runs import chat, write_run

EVENTS = [chat(id, turns=id + 1, tick=id * 10) for id in range(3)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.cassette"
    write_run(path, EVENTS)
    return path.read_bytes()


def frames_of(path: Path) -> list[Frame]:
    return [frame for frame in walk(File(str(path))) if isinstance(frame, Frame)]


def open_bytes(path: Path, data: bytes) -> Reader:
    path.write_bytes(data)
    return Reader(str(path))


def test_cut_at_any_byte_everything_up_to_the_last_whole_frame_opens(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    frames = frames_of(path)
    header_end = frames[0].offset + frames[0].size
    for cut in range(len(whole)):
        if cut < header_end:
            with pytest.raises(CassetteError):
                open_bytes(path, whole[:cut])
            continue
        reader = open_bytes(path, whole[:cut])
        complete = [frame for frame in frames if frame.offset + frame.size <= cut]
        issued = sum(frame.name == "issue" for frame in complete)
        answered = sum(frame.name == "parts" for frame in complete)
        assert [event.request for event in reader.events] == [event.request for event in EVENTS[:issued]]
        assert list(reader.events)[:answered] == EVENTS[:answered]
        if complete[-1].name == "seal":  # nothing is lost but the short way to the index
            continue
        expected = f"cut short after event {issued - 1}" if issued else "cut short before the first event"
        assert reader.cut is not None
        assert reader.cut.startswith(expected)
        assert reader.verify() != []


def test_a_flipped_byte_anywhere_is_named_by_its_frame(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    frames = frames_of(path)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        hit = next((n for n, frame in enumerate(frames) if frame.offset <= place < frame.offset + frame.size), None)
        if hit is None or hit == 0:  # the first bytes, or the header
            with pytest.raises(CassetteError):
                open_bytes(path, bytes(damaged))
            continue
        problems = open_bytes(path, bytes(damaged)).verify()
        assert any(re.match(rf"frame {hit} \(.*\) at byte {frames[hit].offset}: ", problem) for problem in problems)


def test_damage_in_one_place_leaves_the_rest_readable(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    victim = [frame for frame in frames_of(path) if frame.name == "parts"][1]
    damaged = bytearray(whole)
    damaged[victim.offset + START.size + 3] ^= 1
    reader = open_bytes(path, bytes(damaged))
    assert reader.event(0) == EVENTS[0]
    with pytest.raises(CassetteError, match=f"byte {victim.offset}"):
        reader.event(1)
    assert len(reader.verify()) >= 1


def test_a_torn_frame_in_the_middle_is_skipped_and_told(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    victim = [frame for frame in frames_of(path) if frame.name == "parts"][1]
    cut = victim.offset + 20
    reader = open_bytes(path, whole[:cut] + whole[victim.offset + victim.size : -40])
    assert [event.request for event in reader.events] == [event.request for event in EVENTS]
    assert reader.event(1).answer is None
    assert reader.cut is not None
    assert f"at byte {victim.offset}" in reader.cut


def rewritten(frame: Frame, payload: bytes) -> bytes:
    """The frame with another payload and a checksum that fits."""
    return encode_frame(frame.kind, frame.writer, frame.link, payload)


def test_a_changed_frame_with_a_right_checksum_breaks_the_chain(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    victim = next(frame for frame in frames_of(path) if frame.name == "issue")
    payload = victim.payload.replace(b"gpt-5-mini", b"gpt-5-maxi")
    assert payload != victim.payload
    changed = whole[: victim.offset] + rewritten(victim, payload) + whole[victim.offset + victim.size :]
    problems = open_bytes(path, changed).verify()
    assert any(f"at byte {victim.offset}: the chain is broken" in problem for problem in problems)


def test_a_removed_frame_breaks_the_chain(tmp_path: Path, whole: bytes):
    path = tmp_path / "a.cassette"
    path.write_bytes(whole)
    victim = next(frame for frame in frames_of(path) if frame.name == "parts")
    problems = open_bytes(path, whole[: victim.offset] + whole[victim.offset + victim.size :]).verify()
    assert any("the chain is broken" in problem for problem in problems)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x89repl", "not a cassette"),
        (b"interactions: []\nversion: 1\n", "not a cassette"),
        (PREAMBLE.pack(b"\x89replay\n", 2), "format 2, this version reads up to 1"),
        (PREAMBLE.pack(b"\x89replay\n", 0), "format 0, which never was"),
        (PREAMBLE.pack(b"\x89replay\n", 1), "byte 12"),
    ],
)
def test_what_cannot_be_opened_says_why_and_what_to_do(tmp_path: Path, data: bytes, words: str):
    with pytest.raises(CassetteError, match=words) as caught:
        open_bytes(tmp_path / "a.cassette", data)
    assert caught.value.hint


def test_a_missing_file_and_a_directory(tmp_path: Path):
    for path in (tmp_path / "none.cassette", tmp_path):
        with pytest.raises(CassetteError, match="cannot read"):
            Reader(str(path))


def test_what_cannot_be_opened_is_not_kept_open(tmp_path: Path):
    path = tmp_path / "a.cassette"
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for data in (b"", b"nothing of ours", PREAMBLE.pack(b"\x89replay\n", 9), b"\x28\xb5\x2f\xfd" + b"x" * 40) * 5:
        with pytest.raises(CassetteError):
            open_bytes(path, data)
    assert not before or len(os.listdir("/proc/self/fd")) <= before
