"""``make soak``: a recording program is killed 500 times, at any moment, under load.

Each time the file must open and hold every answer that the program had got, with no frame damaged or missing; and the
same program run again against it must get those very answers, until it asks for what the killed run never got.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from replay.cassette import Reader
from replay.cassette.frame import PREAMBLE, START, Kind
from replay.cassette.reader import Reader as AnyReader
from replay.errors import ReplayError
from tests.determinism.server import random_server
from tests.soak.agent import run

TURNS = 200
LONGEST = 0.6
"""Seconds from the start of the run to the latest kill."""

DEADLINE = 60.0
UNSEALED = "the file was never sealed: the run did not end, or is still going on"
Heard = dict[tuple[str, int], Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = Random(options.seed)
    began, answers, served = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="replay-soak-") as folder, random_server() as url:
        for number in range(options.kills):
            path = Path(folder, f"{number}.cassette")
            heard = killed_run(url, path, dice.uniform(0, LONGEST), after=dice.choice((1, 2, 2, 2, 50)))
            reader = check_file(path, heard)
            replayed = check_replay(path, reader, heard)
            answers, served = answers + len(heard), served + replayed
            path.unlink()
            if number % 50 == 49 or number + 1 == options.kills:
                said = f"{number + 1} kills, {answers} answers heard and found, {served} replayed"
                print(f"{said}, {time.monotonic() - began:.0f} s", flush=True)


def killed_run(url: str, path: Path, delay: float, after: int) -> Heard:
    """Record the agent, kill all its processes ``delay`` seconds ``after`` it has told so much, and return all that."""
    process, pipe = _forked(lambda tell: _record(url, path, tell))
    text = _read_lines(pipe, after)
    select.select([], [], [], delay)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    text += _rest(pipe)
    return _heard(text)


def check_file(path: Path, heard: Heard) -> AnyReader:
    """The file opens, no whole frame is lost, and what was heard is there."""
    reader = Reader(str(path))
    problems = [problem for problem in reader.verify() if problem != UNSEALED]
    torn = _torn_end(path)
    assert len(problems) <= torn, (path, problems)
    assert len(reader) == _frames(path)[Kind.ISSUE], path
    said = b"\n".join(event.answer.body for event in reader.events if event.answer and event.answer.end)
    for (name, turn), value in heard.items():
        for line in str(value[0] if isinstance(value, list) else value).split("\n"):
            assert line.encode() in said, f"{path}: the answer of {name} {turn} was heard and is not in the file"
    return reader


def check_replay(path: Path, reader: AnyReader, heard: Heard) -> int:
    """The program gets the same answers again, up to the first one that is not there; how many."""
    process, pipe = _forked(lambda tell: _play(path, tell))
    text = _rest(pipe)
    os.waitpid(process, 0)
    again = _heard(text)
    end = again.pop(("end", 0), None)
    assert isinstance(end, str), f"{path}: the replay did not end: {text[-500:]!r}"
    assert end.startswith("divergence") or not _is_short(heard), f"{path}: {end}"
    for key, value in again.items():
        assert key not in heard or _is_same(heard, key, value), f"{path}: {key}: {heard[key]} became {value}"
    needed = _delivered_before_the_gap(reader)
    got = sum(1 for name, _ in again if name != "child")
    assert got >= needed, f"{path}: {got} answers replayed of {needed} that come before the first one missing; {end}"
    return len(again)


def _is_same(heard: Heard, key: tuple[str, int], value: Any) -> bool:
    """Reads of the clock and the dice are on the disk with the next request or end of their process: the last ones of
    a killed run may not be, but all answers are."""
    name, turn = key
    if not isinstance(value, list) or (name, turn + 1) in heard:
        return bool(heard[key] == value)
    return bool(heard[key][:2] == value[:2])


def _is_short(heard: Heard) -> bool:
    return len(heard) < 6 * TURNS


def _delivered_before_the_gap(reader: AnyReader) -> int:
    """Answers to the main process that were complete before it asked what was never answered."""
    mine = [event for event in reader.events if "/p" not in event.lineage and event.request.kind == "http"]
    ends = [event.answer.end_tick for event in mine if event.answer and event.answer.end]
    gap = min([event.tick for event in mine if not (event.answer and event.answer.end)], default=None)
    # The last ones may have been on their way from the file to the program when it was killed.
    return sum(1 for tick in ends if gap is not None and tick < gap) - 6


def _record(url: str, path: Path, tell: Callable[[str, int, object], None]) -> None:
    import replay

    with replay.record(path, tags={"url": url}):
        tell("begun", 0, 0)
        run(url, TURNS, tell)


def _play(path: Path, tell: Callable[[str, int, object], None]) -> None:
    import replay

    url = replay.open(path).header.tags["url"]
    end = "whole"
    try:
        with replay.play(path):
            run(url, TURNS, tell)
    except ReplayError as error:
        end = f"divergence: {error.message}"
    tell("end", 0, end)


def _forked(do: Callable[[Callable[[str, int, object], None]], None]) -> tuple[int, int]:
    """``do`` in a process that leads a group of its own; its id, and where it tells."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:
        os.setsid()
        os.close(reading)
        do(lambda *said: os.write(writing, json.dumps(said).encode() + b"\n") and None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os.kill(os.getpid(), signal.SIGKILL)  # not by os._exit, which is patched, nor through this module's own end


def _read_lines(pipe: int, count: int) -> bytes:
    data = b""
    while data.count(b"\n") < count:
        ready, _, _ = select.select([pipe], [], [], DEADLINE)
        piece = os.read(pipe, 1 << 16) if ready else b""
        assert piece, f"the program never began: {data!r}"
        data += piece
    return data


def _rest(pipe: int) -> bytes:
    """What comes until all who could write have ended."""
    data = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], DEADLINE)
        assert ready, f"the program hangs after {data[-300:]!r}"
        piece = os.read(pipe, 1 << 16)
        if not piece:
            os.close(pipe)
            return data
        data += piece


def _heard(text: bytes) -> Heard:
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]
    return {(name, turn): value for name, turn, value in lines if name != "begun"}


def _frames(path: Path) -> dict[int, int]:
    """How many whole frames of each kind there are, by a reader that knows nothing but lengths."""
    data, at, found = path.read_bytes(), PREAMBLE.size, dict.fromkeys(range(16), 0)
    while at + START.size <= len(data):
        length, kind = struct.unpack_from("<I", data, at + 13)[0], data[at + 8]
        if at + START.size + length > len(data):
            break
        found[kind] += 1
        at += START.size + length
    return found


def _torn_end(path: Path) -> int:
    """1 if the file ends within a frame, else 0."""
    data, at = path.read_bytes(), PREAMBLE.size
    while at + START.size <= len(data):
        at += START.size + struct.unpack_from("<I", data, at + 13)[0]
    return int(at != len(data))


if __name__ == "__main__":
    sys.exit(main())
