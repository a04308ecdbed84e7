"""Walking a file frame by frame, past damage: how an unsealed file is opened, and every file verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from replay.cassette.file import File
from replay.cassette.frame import (
    CHECKED_AT,
    MARKER,
    NAMES,
    NO_LINK,
    PREAMBLE,
    START,
    Frame,
    Kind,
    next_link,
    unpack,
)
from replay.cassette.index import SECTIONED, Index, decode_index
from replay.cassette.shelf import is_section
from replay.errors import CassetteError

MAX_LOST = 64 << 20
"""Bytes checked in vain, in all, while looking for the next whole frame; a file of traps ends there."""

STEP = 1 << 20
BROKEN_CHAIN = "the chain is broken: a frame before it is missing"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong at byte ``offset``: in frame ``number`` (from 0), or where it should be."""

    number: int
    kind: str
    offset: int
    what: str
    at_end: bool = False

    def __str__(self) -> str:
        return f"frame {self.number} ({self.kind}) at byte {self.offset}: {self.what}"


@dataclass(slots=True)
class Scan:
    """What a walk found. ``sealed``: a seal was met, whatever came after it."""

    index: Index = field(default_factory=Index)
    damage: list[Damage] = field(default_factory=list)
    sealed: bool = False


def scan(path: str) -> Scan:
    """Walk the file at ``path``."""
    return scan_file(File(path))


def scan_file(file: File) -> Scan:
    """Index every whole frame and note every damaged one."""
    found = Scan()
    for number, item in enumerate(walk(file)):
        if isinstance(item, Frame):
            _take(found, number, item)
        else:
            found.damage.append(item)
    found.index.end = file.size
    return found


def walk(file: File) -> Iterator[Frame | Damage]:
    """Frames and, where there is none, damage, in file order."""
    offset = PREAMBLE.size
    number = 0
    lost = 0
    while offset < file.size:
        frame, why = file.try_frame(offset)
        if frame is not None:
            yield frame
            offset += frame.size
        else:
            following, checked = _resume(file, offset + 1, MAX_LOST - lost)
            lost += checked
            yield Damage(number, _kind_at(file, offset), offset, why, following >= file.size)
            offset = following
        number += 1


def _resume(file: File, offset: int, budget: int) -> tuple[int, int]:
    """Where the next whole frame begins (or the file ends), and how many bytes it took to tell."""
    spent = 0
    while offset < file.size:
        window = file.read(offset, STEP)
        at = window.find(MARKER)
        while at >= 0:
            frame, _ = file.try_frame(offset + at)
            if frame is not None:
                return offset + at, spent
            spent += START.size + _claimed(file, offset + at)
            if spent > budget:
                raise CassetteError(f"{file.path} is damaged beyond reading", hint="there is no way to open it")
            at = window.find(MARKER, at + 1)
        offset += max(1, len(window) - len(MARKER) + 1)
    return file.size, spent


def _claimed(file: File, offset: int) -> int:
    """How many bytes a false frame made us check."""
    start = file.read(offset, START.size)
    return min(START.unpack(start)[4], file.size - offset) if len(start) == START.size else 0


def _kind_at(file: File, offset: int) -> str:
    kind = file.read(offset + CHECKED_AT, 1)
    return NAMES.get(kind[0], "unknown kind") if kind else "unknown kind"


def _take(found: Scan, number: int, frame: Frame) -> None:
    try:
        _check_link(found, frame)
        payload = _checked(frame)
        if frame.kind == Kind.SEAL:
            found.sealed = True
            _check_seal(found, frame, payload)
        found.index.add(frame.offset, frame.writer, frame.kind, payload, frame.link)
    except KeyError:
        found.damage.append(Damage(number, frame.name, frame.offset, "an answer to a request that is not in the file"))
    except (CassetteError, ValueError, TypeError, IndexError, OverflowError) as error:
        found.damage.append(Damage(number, frame.name, frame.offset, str(error)))


def _check_link(found: Scan, frame: Frame) -> None:
    """The link holds if the frames of this writer before this one are all here, unchanged and in order."""
    starts = frame.kind in (Kind.HEADER, Kind.WRITER)
    before = NO_LINK if starts else found.index.links.get(frame.writer, NO_LINK)
    if next_link(before, frame.kind, frame.payload) != frame.link:
        # Go on from here, so that one lost frame is told once.
        found.index.links[frame.writer] = frame.link
        found.damage.append(Damage(found.index.frames, frame.name, frame.offset, BROKEN_CHAIN))


def _check_seal(found: Scan, frame: Frame, payload: list[Any]) -> None:
    """A seal must say what was found, unless another process wrote while it was being made."""
    sealed = decode_index(payload)
    if sealed.end != frame.offset or found.damage:
        return
    if (sealed.columns, sealed.fingerprints) != (found.index.columns, found.index.fingerprints):
        raise ValueError("the seal does not tell what is in the file")
    if (sealed.links, sealed.frames) != ({**found.index.links}, found.index.frames):
        raise ValueError("the seal names other chains than those in the file")


def _checked(frame: Frame) -> list[Any]:
    payload = unpack(frame)
    if not isinstance(payload, list) or not payload:
        raise ValueError("holds no list")
    if frame.kind in SECTIONED and payload[0] is not None and not is_section(payload[0]):
        raise ValueError("holds no blobs where it should")
    return payload
