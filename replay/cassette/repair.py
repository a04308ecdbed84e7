"""What can be kept of a damaged or cut cassette: every frame that is whole and makes sense, sealed anew.

What is lost becomes a note of kind ``gap`` in the new file. A frame that makes no sense may still hold blobs that
others need: those stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from replay.cassette.atomic import write_file
from replay.cassette.cipher import Cipher
from replay.cassette.codec import (
    AnswerParts,
    decode_header,
    decode_issue,
    decode_note,
    decode_reads,
    encode_header,
    encode_note,
)
from replay.cassette.file import File
from replay.cassette.frame import Frame, Kind, unpack
from replay.cassette.header import header_json
from replay.cassette.index import READS_IN, SECTIONED, WRITER_STEP
from replay.cassette.reader import MALFORMED
from replay.cassette.rewrite import MADE_ANEW, ROOT, Piece, rewritten
from replay.cassette.scan import BROKEN_CHAIN, Damage, scan_file, walk
from replay.cassette.shelf import Shelf, is_section
from replay.cassette.stock import Stock
from replay.errors import CassetteError
from replay.events import Header, Note

MAX_GAPS = 100
MAX_SAID = 300
PLAIN = frozenset([int, str, bytes])
AT_END = ("seal", "tail", "signature")
CUT = "the run did not end, or the end of the file is lost: there was no seal"


@dataclass(slots=True)
class Repaired:
    """``events``: how many are in the new file; ``lost``: what is not, in words; ``was_cut``: there was no seal."""

    events: int = 0
    lost: list[str] = field(default_factory=list)
    was_cut: bool = False

    @property
    def gaps(self) -> list[str]:
        """What the notes in the new file say."""
        return [*self.lost[:MAX_GAPS], *([CUT] if self.was_cut else [])]


def repair(path: str, target: str) -> Repaired:
    """Write what is whole of the cassette at ``path`` to ``target``, encrypted if it was.

    A lost header is replaced by an empty one. Raises :class:`CassetteError` when the file is no cassette, or is
    encrypted and does not open, and OSError when ``target`` cannot be written.
    """
    file = File(path)
    found = scan_file(file)
    missing = [str(damage) for damage in found.damage if damage.what == BROKEN_CHAIN and damage.kind not in AT_END]
    result = Repaired(lost=missing[:MAX_GAPS], was_cut=not found.sealed)
    header = _header(file, result)
    kept = _Kept(file, _shelf(file), result)
    write_file(target, rewritten(header, kept.pieces(), Cipher.new() if file.cipher is not None else None))
    return result


def _shelf(file: File) -> Shelf:
    """All sections that there are, which are those that there will be."""
    shelf = Shelf(file.frame_at, file.size)
    for frame in walk(file):
        with suppress(CassetteError, *MALFORMED):
            if isinstance(frame, Frame) and frame.kind in SECTIONED and (section := _payload(frame)[0]) is not None:
                shelf.register(frame.writer, section[0], section[2], frame.offset)
    return shelf


def _header(file: File, result: Repaired) -> bytes:
    try:
        data = header_json(file)
        decode_header([data])
    except MALFORMED as error:
        result.lost.append(f"the header: {error}")
    except CassetteError as error:
        if file.cipher is not None:
            raise
        result.lost.append(f"the header: {error.message}")
    else:
        return data
    (stand_in,) = encode_header(Header("", 0, tags={"repaired": "the header was lost"}))
    return bytes(stand_in)


class _Kept:
    """Goes through the frames of a file; what is dropped is told in ``result.lost``."""

    def __init__(self, file: File, shelf: Shelf, result: Repaired) -> None:
        self._file = file
        self._shelf = shelf
        self._result = result
        self._ids: set[int] = set()
        self._sizes: dict[int, int] = {}

    def pieces(self) -> Iterator[Piece]:
        for frame in walk(self._file):
            if isinstance(frame, Damage):
                self._say(str(frame))
            elif frame.kind not in MADE_ANEW:
                yield from self._piece(frame)
        for said in self._result.gaps:
            yield Piece(Kind.NOTE, ROOT, encode_note(Note("gap", said), Stock()))

    def _piece(self, frame: Frame) -> Iterator[Piece]:
        try:
            payload = _payload(frame)
        except (CassetteError, *MALFORMED) as error:
            self._lose(frame, error)
            return
        if frame.kind == Kind.WRITER:
            yield Piece(Kind.WRITER, frame.offset // WRITER_STEP, payload)
        elif self._is_good(frame, payload):
            yield Piece(frame.kind, frame.writer, payload)
        elif payload[0] is not None:
            yield Piece(Kind.BLOBS, frame.writer, payload[:1])

    def _is_good(self, frame: Frame, payload: list[Any]) -> bool:
        """Whether the frame can be read. Reads in it that cannot are taken out."""
        place = READS_IN.get(frame.kind)
        try:
            _check_plain(payload[:place])
            _CHECKS.get(frame.kind, _pass)(self, frame, payload)
        except KeyError:
            self._lose(frame, "an answer to a request that is not in the file")
            return False
        except (CassetteError, *MALFORMED) as error:
            self._lose(frame, error)
            return False
        if place is not None and payload[place] is not None:
            payload[place] = self._good_reads(frame, payload[place])
        return True

    def _good_reads(self, frame: Frame, items: Any) -> list[Any] | None:
        good: list[Any] = []
        if not isinstance(items, list):
            self._lose(frame, "reads of the clock or the dice that are none")
            return None
        for item in items:
            try:
                decode_reads(item, self._shelf, frame.writer)
                good.append(item)
            except (CassetteError, *MALFORMED) as error:
                self._lose(frame, f"reads of the clock or the dice: {error}")
        return good or None

    def _check_issue(self, frame: Frame, payload: list[Any]) -> None:
        event = decode_issue(payload, self._shelf, frame.writer, None)
        if event.id in self._ids or not 0 <= event.id < 2**64 or not 0 <= event.tick < 2**64:
            raise ValueError("its id comes twice or is out of range")
        if len(event.fingerprint) not in (0, 16):
            raise ValueError("its fingerprint is not 16 bytes")
        self._ids.add(event.id)
        self._result.events += 1

    def _check_parts(self, frame: Frame, payload: list[Any]) -> None:
        if payload[1] not in self._ids:
            raise KeyError(payload[1])
        parts = AnswerParts(self._shelf, self._sizes.get(payload[1], 0))
        parts.add(payload, frame.writer)
        self._sizes[payload[1]] = parts.size

    def _check_note(self, frame: Frame, payload: list[Any]) -> None:
        decode_note(payload, self._shelf, frame.writer)

    def _check_reads(self, frame: Frame, payload: list[Any]) -> None:
        if len(payload) != 2:
            raise ValueError("it holds no reads")

    def _lose(self, frame: Frame, why: object) -> None:
        self._say(f"the {frame.name} frame at byte {frame.offset}: {why}")

    def _say(self, said: str) -> None:
        if len(self._result.lost) < MAX_GAPS:
            self._result.lost.append(said[:MAX_SAID])


def _pass(kept: _Kept, frame: Frame, payload: list[Any]) -> None:
    """Nothing in it can be wrong that is not wrong with its section."""


def _check_plain(value: Any) -> None:
    """Numbers of blobs that are no integers may be found or not, as it happens."""
    if type(value) is list:
        for item in value:
            _check_plain(item)
    elif value is not None and type(value) not in PLAIN:
        raise TypeError(f"a {type(value).__name__} where there is none")


_CHECKS: dict[int, Callable[[_Kept, Frame, list[Any]], None]] = {
    Kind.ISSUE: _Kept._check_issue,
    Kind.PARTS: _Kept._check_parts,
    Kind.READS: _Kept._check_reads,
    Kind.NOTE: _Kept._check_note,
}


def _payload(frame: Frame) -> list[Any]:
    payload = unpack(frame)
    if not isinstance(payload, list) or not payload:
        raise ValueError("it holds no list")
    if frame.kind in SECTIONED and payload[0] is not None and not is_section(payload[0]):
        raise ValueError("it holds no blobs where it should")
    if frame.kind not in SECTIONED and frame.kind != Kind.WRITER:
        raise ValueError("it is of a kind not known here")
    return payload
