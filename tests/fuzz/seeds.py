"""Small cassettes to start from: every kind of frame, encrypted, signed, of several processes, packed, cut."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from replay.cassette import Writer
from replay.cassette.cipher import Cipher
from replay.cassette.file import File
from replay.cassette.packed import pack_bytes
from replay.cassette.signature import sign
from replay.events import Note
from tests.cassette import sample
from tests.cassette.runs import HEADER, chat, write_event

SAMPLES = Path(__file__).parents[1] / "cassette" / "samples"
KEY = bytes(range(32)).hex()


def seeds(scratch: Path) -> list[bytes]:
    """The files' bytes. Sets ``REPLAY_KEY``, which opens the encrypted one."""
    os.environ["REPLAY_KEY"] = "env:FUZZ_DATA_KEY"
    os.environ["FUZZ_DATA_KEY"] = KEY
    path = scratch / "seed.cassette"
    made = [(SAMPLES / "format-1.cassette").read_bytes()]
    file = File(str(SAMPLES / "format-1.cassette"))
    made.append(b"".join(pack_bytes(file.source)))
    for make in (_processes, _encrypted, _signed, _small):
        make(path)
        made.append(path.read_bytes())
        path.unlink()
    made.append(made[0][: len(made[0]) * 2 // 3])
    return made


def _processes(path: Path) -> None:
    root = Writer.create(str(path), HEADER)
    child = Writer.join(str(path), "0/p0")
    write_event(root, chat(root.next_id(), turns=9))
    write_event(child, replace(chat(child.next_id(), turns=9), lineage="0/p0"))
    child.close()
    root.close()


def _encrypted(path: Path) -> None:
    writer = Writer.create(str(path), HEADER, Cipher(bytes(32), bytes.fromhex(KEY)))
    write_event(writer, chat(writer.next_id()))
    writer.close()


def _signed(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _small(path)
    sign(str(path), Ed25519PrivateKey.from_private_bytes(bytes(32)))


def _small(path: Path) -> None:
    writer = Writer.create(str(path), HEADER)
    write_event(writer, replace(sample.TOOL, id=writer.next_id(), parent=None))
    writer.note(Note("output", 1))
    writer.close()
