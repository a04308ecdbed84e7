"""Writes the sample files of the current format: ``python -m tests.cassette.sample FOLDER``.

Run once when a format is released, into ``samples``; those files are then opened by a test for ever.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from replay.cassette import Writer
from replay.cassette.atomic import write_file
from replay.cassette.cipher import Cipher
from replay.cassette.file import File
from replay.cassette.frame import FORMAT
from replay.cassette.packed import pack_bytes
from replay.cassette.signature import sign
from replay.events import Answer, Chunk, End, Event, Failure, Head, Note, Reads, Request
from tests.cassette.runs import HEADER, chat, write_event

TOOL = Event(
    2,
    Request("tool", "call", "lookup_order", (), b'{"order_id":"A-17"}', "read"),
    "0/a1/t2",
    0,
    31_000,
    31,
    1,
    b"t" * 16,
    "agent.py:21",
    "recorded",
    Answer(end=End("failed", Failure("builtins.KeyError", "'A-17'", b'["A-17"]')), end_at=32_000, end_tick=32),
)
EVENTS = [chat(0, turns=3, tick=1), chat(1, turns=5, tick=11), TOOL, chat(3, turns=7, tick=41)]
IN_FLIGHT = chat(4, turns=9, tick=51)
PARTIAL = Answer(Head(200), 52_000, 52, (Chunk(b"data: ", 53_000, 53),))
READS = [
    Reads("0", "time.time_ns", (1_700_000_000_000_000_000, 1_700_000_000_000_000_005)),
    Reads("0/a1", "uuid", (2**100,)),
]
NOTES = [Note("output", {"answer": "no such order"}), Note("exit", 1)]


KEY = bytes(range(32))
"""Encrypts and signs the samples."""


def write(path: str, cipher: Cipher | None = None) -> None:
    writer = Writer.create(path, HEADER, cipher)
    for event in EVENTS:
        writer.next_id()
        write_event(writer, event)
    for reads in READS:
        writer.reads(reads)
    writer.issue(IN_FLIGHT)
    assert PARTIAL.head is not None
    writer.parts(IN_FLIGHT.id, [PARTIAL.head], PARTIAL.head_at, PARTIAL.head_tick)
    writer.parts(IN_FLIGHT.id, [PARTIAL.chunks[0]], PARTIAL.chunks[0].at, PARTIAL.chunks[0].tick)
    for note in NOTES:
        writer.note(note)
    writer.close()


def write_all(folder: Path) -> None:
    """One of each kind of file that there is in this format."""
    write(str(folder / f"format-{FORMAT}.cassette"))
    encrypted = str(folder / f"format-{FORMAT}-encrypted.cassette")
    write(encrypted, Cipher(bytes(32), KEY))
    signed = str(folder / f"format-{FORMAT}-signed.cassette")
    write(signed)
    sign(signed, Ed25519PrivateKey.from_private_bytes(KEY))
    file = File(signed)
    write_file(str(folder / f"format-{FORMAT}-packed.cassette.zst"), pack_bytes(file.source))


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
