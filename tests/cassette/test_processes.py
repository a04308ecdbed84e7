from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from replay.cassette import Reader, Writer
from replay.cassette import log as log_module
from replay.cassette import reader as reader_module
from replay.cassette import writer as writer_module
from replay.events import Note
from tests.cassette.runs import HEADER, chat, write_event, write_run

DEADLINE = 30

KILLED = """
import sys
from replay.cassette import Writer
from tests.cassette.runs import HEADER, chat, write_event
writer = Writer.create(sys.argv[1], HEADER)
for id in range(20):
    assert writer.next_id() == id
    write_event(writer, chat(id, turns=id + 1, tick=id * 10))
writer.issue(chat(writer.next_id()))
print("ready", flush=True)
sys.stdin.read()
"""


def python(code: str, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


def test_killed_after_twenty_calls_all_are_there_and_the_next_one_is_in_flight(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    with python(KILLED, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
    reader = Reader(path)
    assert list(reader.events)[:20] == [chat(id, turns=id + 1, tick=id * 10) for id in range(20)]
    assert reader.event(20).answer is None
    assert reader.cut == "cut short after event 20"


def test_threads_write_one_file(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)

    def call(turns: int) -> object:
        event = chat(writer.next_id(), turns=turns % 7)
        write_event(writer, event)
        return event

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(call, range(200)))
    writer.close()
    reader = Reader(path)
    assert writer.gaps == []
    assert sorted(reader.events, key=lambda event: event.id) == sorted(written, key=lambda event: event.id)
    assert reader.verify() == []


JOINS = """
import sys
from replay.cassette import Writer
from dataclasses import replace
from tests.cassette.runs import chat, write_event
writer = Writer.join(sys.argv[1], sys.argv[2])
for turn in range(30):
    write_event(writer, replace(chat(writer.next_id(), turns=turn), lineage=sys.argv[2]))
writer.close()
assert writer.gaps == []
"""


def test_child_processes_write_into_the_same_file_at_the_same_time(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    children = [python(JOINS, path, f"0/p{n}") for n in range(3)]
    for _ in range(30):
        write_event(writer, replace(chat(writer.next_id(), turns=3), lineage="0"))
    for child in children:
        child.communicate(timeout=DEADLINE)
        assert child.returncode == 0
    writer.close()
    reader = Reader(path)
    assert reader.cut is None
    assert reader.verify() == []
    events = list(reader.events)
    assert len({event.id for event in events}) == 120
    for lineage in ("0/p0", "0/p1", "0/p2"):
        assert [event.request for event in events if event.lineage == lineage] == [
            chat(0, turns=turn).request for turn in range(30)
        ]


def test_a_child_that_goes_on_after_the_seal_is_still_read(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    root = Writer.create(path, HEADER)
    child = Writer.join(path, "0/p0")
    write_event(root, chat(root.next_id()))
    root.close()
    late = chat(child.next_id())
    write_event(child, late)
    child.close()
    reader = Reader(path)
    assert reader.event(late.id) == late
    assert reader.cut is None
    assert reader.verify() == []


def test_a_child_that_writes_while_the_seal_is_made_is_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = str(tmp_path / "a.cassette")
    root = Writer.create(path, HEADER)
    child = Writer.join(path, "0/p0")
    late = chat(child.next_id())
    real = writer_module.scan

    def scan_then_write(path: str) -> object:
        found = real(path)
        write_event(child, late)
        return found

    monkeypatch.setattr(writer_module, "scan", scan_then_write)
    root.close()
    reader = Reader(path)
    assert reader.event(late.id) == late
    assert reader.verify() == []


def test_a_sealed_file_opens_without_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.cassette"
    write_run(path, [chat(0), chat(1)])
    write_run(tmp_path / "empty.cassette", [])
    monkeypatch.setattr(reader_module, "scan_file", lambda file: pytest.fail("walked"))
    assert Reader(str(path)).event(1) == chat(1)
    assert len(Reader(str(tmp_path / "empty.cassette")).events) == 0


def test_a_forked_child_goes_on_as_a_writer_of_its_own(tmp_path: Path):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    first = chat(writer.next_id(), turns=3)
    writer.issue(first)  # its answer waits in the parent when the child is made
    child = os.fork()
    if not child:
        try:
            for _ in range(5):
                write_event(writer, replace(chat(writer.next_id(), turns=3), lineage="0/p0"))
            writer.close()
            os._exit(len(writer.gaps))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    last = chat(writer.next_id())
    write_event(writer, last)
    writer.close()
    reader = Reader(path)
    assert reader.verify() == []
    assert len({event.id for event in reader.events}) == 7
    assert [event.request for event in reader.events if event.lineage == "0/p0"] == [first.request] * 5
    assert reader.event(last.id) == last


def test_a_full_disk_is_a_gap_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = str(tmp_path / "a.cassette")
    writer = Writer.create(path, HEADER)
    real = os.write
    write_event(writer, chat(writer.next_id()))
    monkeypatch.setattr(log_module.os, "write", lambda fd, data: real(fd, data[: len(data) // 2]))
    write_event(writer, chat(writer.next_id(), turns=4))
    monkeypatch.undo()
    third = chat(writer.next_id(), turns=4)
    write_event(writer, third)
    writer.close()
    assert [gap.partition(" could")[0] for gap in writer.gaps] == ["the request of event 1"]
    assert "disk full" in writer.gaps[0]
    reader = Reader(path)
    assert [event.id for event in reader.events] == [0, 2]
    assert reader.event(2) == third
    assert reader.notes == [Note("gap", writer.gaps[0])]
    assert (
        len(
            [
                problem
                for problem in reader.verify()
                if "checksum" in problem or "no frame" in problem or "middle" in problem
            ]
        )
        >= 1
    )


def test_what_cannot_be_written_is_a_gap_and_never_an_exception(tmp_path: Path):
    writer = Writer.create(str(tmp_path / "a.cassette"), HEADER)
    writer.note(Note("output", object()))
    writer.parts(0, [object()], 0, 0)  # type: ignore[arg-type]
    writer.close()
    writer.close()
    writer.issue(chat(writer.next_id()))
    assert len(writer.gaps) == 3
    assert "a note (output)" in writer.gaps[0]
    assert "the cassette is closed" in writer.gaps[2]


def test_a_run_of_the_file_system_behind_our_back_is_a_gap(tmp_path: Path):
    path = tmp_path / "a.cassette"
    writer = Writer.create(str(path), HEADER)
    os.close(writer._log.fd)
    write_event(writer, chat(0))
    writer.close()
    assert writer.gaps
    assert len(Reader(str(path)).events) == 0


def test_gaps_are_bounded(tmp_path: Path):
    writer = write_run(tmp_path / "a.cassette", [])
    for _ in range(500):
        writer.note(Note("output", 1))
    assert len(writer.gaps) == 100


def test_a_child_that_cannot_join_goes_on_with_a_gap(tmp_path: Path):
    writer = Writer.join(str(tmp_path / "none.cassette"), "0/p0")
    write_event(writer, chat(writer.next_id()))
    writer.close()
    assert writer.gaps[0].startswith("what the process 0/p0 did could not be written: cannot read")
