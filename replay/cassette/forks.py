"""What a fork says of where it comes from: its parent, and which swaps made which event.

A fork's events hold the requests as the swaps made them. The program itself asked for something else, and will again:
so beside each such event a note of kind ``swapped`` keeps the fingerprint of that, and a replay finds the event by it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from replay.events import Note

KIND = "swapped"
SIZE = 16
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Swapped:
    """``asked``: the fingerprint of the request as the program made it. ``by``: indexes into the header's ``swaps``."""

    asked: bytes
    by: tuple[int, ...]


def note_of(event: int, swapped: Swapped) -> Note:
    """The note that keeps ``swapped`` for the event with this id."""
    return Note(KIND, {"event": event, "asked": swapped.asked.hex(), "by": list(swapped.by)})


def swapped_events(notes: Iterable[Note]) -> dict[int, Swapped]:
    """Event id -> what its note says. A note that makes no sense is passed over."""
    found = {}
    for note in notes:
        if note.kind == KIND and (read := _read(note.data)) is not None:
            found[read[0]] = read[1]
    return found


def _read(data: Any) -> tuple[int, Swapped] | None:
    match data:
        case {"event": int(event), "asked": str(asked), "by": list(by)} if all(
            type(at) is int and at >= 0 for at in by
        ):
            try:
                return event, Swapped(bytes.fromhex(asked), tuple(by))
            except ValueError:
                return None
    return None


def parent_mark(path: str | os.PathLike[str]) -> str:
    """What a fork's header keeps as its parent: the file's name, ``#``, and 32 hexadecimal digits of its contents."""
    digest = blake2b(digest_size=SIZE)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return f"{Path(path).name}#{digest.hexdigest()}"


def parent_name(mark: str) -> str:
    """The file name of the parent that ``mark`` is of; empty when there is none."""
    return Path(mark.rpartition("#")[0] or mark).name


def is_parent(mark: str, path: str | os.PathLike[str]) -> bool:
    """Whether the file at ``path`` is, byte for byte, the parent that ``mark`` is of."""
    return "#" in mark and parent_mark(path).rpartition("#")[2] == mark.rpartition("#")[2]
