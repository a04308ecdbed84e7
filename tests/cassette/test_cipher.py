"""An encrypted cassette says nothing without its key, and with it everything that an open one does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from replay.cassette import Reader, Writer
from replay.cassette.cipher import Cipher
from replay.cassette.file import File
from replay.cassette.frame import START, Frame
from replay.cassette.scan import walk
from replay.errors import CassetteError, UsageError
from replay.events import Event, Note, Reads
from tests.cassette.runs import HEADER, chat, write_event

KEY = bytes(range(32))
EVENTS = [chat(id, turns=id + 2, tick=id * 10) for id in range(3)]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLAY_KEY", "env:OF_THE_TEST")
    monkeypatch.setenv("OF_THE_TEST", KEY.hex())


def write_encrypted(path: Path, events: list[Event] = EVENTS, seal: bool = True) -> bytes:
    writer = Writer.create(str(path), HEADER, Cipher.new())
    for event in events:
        assert writer.next_id() == event.id
        write_event(writer, event)
    writer.reads(Reads("0", "time.time_ns", (1, 2)))
    writer.note(Note("output", {"answer": 42}))
    writer.close(seal)
    assert writer.gaps == []
    return path.read_bytes()


@pytest.mark.parametrize("seal", [True, False])
def test_what_was_written_is_read_back(tmp_path: Path, seal: bool):
    write_encrypted(tmp_path / "a.cassette", seal=seal)
    reader = Reader(str(tmp_path / "a.cassette"))
    assert reader.header == HEADER
    assert list(reader.events) == EVENTS
    assert reader.reads == [Reads("0", "time.time_ns", (1, 2))]
    assert reader.notes == [Note("output", {"answer": 42})]
    assert (reader.cut is None) == seal
    assert (reader.verify() == []) == seal


def test_nothing_of_the_run_is_in_the_file(tmp_path: Path):
    data = write_encrypted(tmp_path / "a.cassette")
    for word in (b"message", b"gpt", b"openai", b"agent.py", b"refund", b"0/a1", b"time_ns", b"output", KEY):
        assert word not in data


def test_equal_runs_are_different_files(tmp_path: Path):
    one, two = write_encrypted(tmp_path / "a"), write_encrypted(tmp_path / "b")
    assert len(one) == len(two)
    assert one[200:600] != two[200:600]


def test_equal_payloads_of_one_file_cannot_be_told(tmp_path: Path):
    writer = Writer.create(str(tmp_path / "a"), HEADER, Cipher.new())
    for _ in range(5):
        writer.note(Note("output", "the same"))
    writer.close()
    notes = [frame for frame in walk(File(str(tmp_path / "a"))) if isinstance(frame, Frame) and frame.name == "note"]
    assert len({frame.payload for frame in notes}) == len({frame.payload[:12] for frame in notes}) == 5


def test_without_a_key_or_with_another_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = str(tmp_path / "a.cassette")
    write_encrypted(tmp_path / "a.cassette")
    monkeypatch.setenv("OF_THE_TEST", bytes(32).hex())
    with pytest.raises(CassetteError, match="does not open with this key"):
        Reader(path)
    monkeypatch.delenv("REPLAY_KEY")
    with pytest.raises(CassetteError, match="encrypted: no key is named") as caught:
        Reader(path)
    assert "REPLAY_KEY=" in caught.value.hint


def test_a_changed_payload_is_not_decrypted(tmp_path: Path):
    path = tmp_path / "a.cassette"
    data = bytearray(write_encrypted(path))
    victim = next(frame for frame in walk(File(str(path))) if isinstance(frame, Frame) and frame.name == "parts")
    data[victim.offset + START.size + 20] ^= 1
    path.write_bytes(data)
    problems = Reader(str(path)).verify()
    assert any(f"at byte {victim.offset}" in problem for problem in problems)


def test_processes_write_one_encrypted_file(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    root = Writer.create(path, HEADER, Cipher.new())
    child = Writer.join(path, "0/p0")
    mine = chat(root.next_id())
    theirs = replace(chat(child.next_id(), turns=3), lineage="0/p0")
    write_event(root, mine)
    write_event(child, theirs)
    forked = os.fork()
    if not forked:
        try:
            write_event(root, replace(chat(root.next_id()), lineage="0/p1"))
            root.close()
            os._exit(len(root.gaps))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    child.close()
    root.close()
    reader = Reader(path)
    assert reader.verify() == []
    assert reader.event(theirs.id) == theirs
    assert [event.lineage for event in reader.events] == ["0/a1", "0/p0", "0/p1"]


def test_an_unknown_cipher_is_told(tmp_path: Path):
    cipher = Cipher.new()
    header = cipher.header(b"{}")
    from replay.cassette.log import Log

    Log.create(str(tmp_path / "a"), [header[0].replace(b"aes-256-gcm", b"rot13"), header[1]]).close()
    with pytest.raises(CassetteError, match="with the cipher 'rot13'"):
        Reader(str(tmp_path / "a"))


def test_encrypting_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("REPLAY_KEY")
    with pytest.raises(UsageError, match="no key is named"):
        Cipher.new()
