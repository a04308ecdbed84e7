"""Reading frames from a cassette at any offset, whether it is plain, packed, encrypted or signed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from replay.cassette.frame import (
    CHECKED_AT,
    FORMAT,
    MAGIC,
    MARKER,
    MAX_PAYLOAD,
    PREAMBLE,
    SIGNATURE_SIZE,
    START,
    TAIL_SIZE,
    Frame,
    Kind,
    max_payload,
    unpack,
)
from replay.cassette.migrate import converted
from replay.cassette.source import Source, open_source
from replay.errors import CassetteError

if TYPE_CHECKING:
    from replay.cassette.cipher import Cipher

WINDOW = 64 << 10
START_SIZE = START.size
TWO_ITEMS = b"\x92"
"""How msgpack begins an array of two."""

MAX_SIGNATURES = 16
_start_from = START.unpack_from


class File:
    """An open cassette. ``size`` is its length when it was opened, without the ``signatures`` at its end; what is
    appended later does not exist here.

    Raises :class:`CassetteError` when ``path`` cannot be read, is no cassette, or needs a newer version.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._window = (0, b"")
        self.source = _opened(path)
        self.size = self.source.size
        self.cipher: Cipher | None = None
        self.cipher = self._find_cipher()
        self.signatures = self._take_signatures()

    def close(self) -> None:
        self.source.close()

    def _find_cipher(self) -> Cipher | None:
        """A header of two items says how the payloads are encrypted."""
        header, _ = self.try_frame(PREAMBLE.size)
        if header is None or header.kind != Kind.HEADER or header.payload[:1] != TWO_ITEMS:
            return None
        from replay.cassette.cipher import cipher_of

        return cipher_of(unpack(header)[0])

    def _take_signatures(self) -> list[Frame]:
        """Those at the end, taken off it. One read finds the tail before them too."""
        reach = SIGNATURE_SIZE + TAIL_SIZE
        self._around(max(0, self.size - reach), min(reach, self.size))
        found: list[Frame] = []
        while len(found) < MAX_SIGNATURES and self.size > SIGNATURE_SIZE:
            frame, _ = self.try_frame(self.size - SIGNATURE_SIZE)
            if frame is None or frame.kind != Kind.SIGNATURE or frame.size != SIGNATURE_SIZE:
                break
            self.size = frame.offset
            found.insert(0, frame)
        if found:
            self._window = (0, b"")
        return found

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset``, fewer at the end of the file."""
        window, at = self._around(offset, count)
        return window[at : at + count]

    def frame_at(self, offset: int) -> Frame:
        """The frame at ``offset``. Raises :class:`CassetteError` when there is none, or it is damaged."""
        start, window = self._window
        at = offset - start
        if 0 <= at <= len(window) - START_SIZE:  # the rule, done here and now; everything else below
            marker, check, kind, writer, length, link = _start_from(window, at)
            end = at + START_SIZE + length
            is_whole = marker == MARKER and length <= MAX_PAYLOAD and end <= len(window)
            if is_whole and crc32(window[at + CHECKED_AT : end]) == check:
                return Frame(offset, kind, writer, link, window[at + START_SIZE : end], self.cipher)
        frame, why = self.try_frame(offset)
        if frame is None:
            raise CassetteError(f"{self.path}: byte {offset}: {why}", hint="`replay verify` lists every damaged frame")
        return frame

    def try_frame(self, offset: int) -> tuple[Frame | None, str]:
        """The frame at ``offset``, or None and why not."""
        window, at = self._around(offset, START_SIZE)
        if len(window) - at < START_SIZE:
            return None, "the file ends in the middle of a frame"
        marker, check, kind, writer, length, link = _start_from(window, at)
        if marker != MARKER:
            return None, "no frame begins here"
        if length > max_payload(kind):
            return None, f"the frame claims {length} bytes"
        size = START_SIZE + length
        if offset + size > self.size:
            return None, "the file ends in the middle of a frame"
        if at + size > len(window) and size < WINDOW:
            window, at = self._around(offset, size)
        if at + size <= len(window):
            payload = window[at + START_SIZE : at + size]
        else:  # by itself: an index of 100,000 events is 5 MB, and copying it takes as long as reading it
            payload = self._pread(offset + START_SIZE, length)
        if len(payload) < length or crc32(payload, crc32(window[at + CHECKED_AT : at + START_SIZE])) != check:
            return None, "the checksum is wrong"
        return Frame(offset, kind, writer, link, payload, self.cipher), ""

    def _around(self, offset: int, count: int) -> tuple[bytes, int]:
        """Bytes of the file, and where in them those from ``offset`` begin: ``count``, or all that there are."""
        start, window = self._window
        at = offset - start
        if at >= 0 and at + count <= len(window):
            return window, at
        if count >= WINDOW:
            return self._pread(offset, count), 0
        window = self._pread(offset, WINDOW)
        self._window = (offset, window)  # one assignment: two threads at worst read twice
        return window, 0

    def _pread(self, offset: int, count: int) -> bytes:
        try:
            return self.source.read_at(offset, max(0, min(count, self.size - offset)))
        except (OSError, OverflowError) as error:
            raise CassetteError(f"cannot read {self.path}: {error}", hint="is the disk all right?") from error


def _opened(path: str) -> Source:
    """The bytes of ``path`` in the current format."""
    source = open_source(path)
    start = source.read_at(0, PREAMBLE.size)
    if not start:
        raise CassetteError(f"{path} is empty", hint="the run that was to write it never began")
    if len(start) < PREAMBLE.size or not start.startswith(MAGIC):
        raise CassetteError(f"{path} is not a cassette", hint="a cassette is what `replay record` writes")
    return converted(source, path, PREAMBLE.unpack(start)[1], FORMAT)
