"""Reading frames from a file at any offset. Not by mmap: a file cut short while it is mapped would kill the process."""

from __future__ import annotations

import os
from zlib import crc32

from replay.cassette.frame import (
    CHECKED_AT,
    FORMAT,
    MAGIC,
    MARKER,
    MAX_PAYLOAD,
    PREAMBLE,
    START,
    Frame,
    max_payload,
)
from replay.cassette.migrate import check_format
from replay.errors import CassetteError

WINDOW = 64 << 10
START_SIZE = START.size
_start_from = START.unpack_from


class File:
    """An open cassette. ``size`` is its length when it was opened; what is appended later does not exist here.

    Raises :class:`CassetteError` when ``path`` cannot be read, is no cassette, or needs a newer version.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._window = (0, b"")
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self._fd).st_size
            start = os.pread(self._fd, PREAMBLE.size, 0)
        except OSError as error:
            raise CassetteError(f"cannot read {path}: {error.strerror}", hint="is the path right?") from error
        _check_start(path, start)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

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
                return Frame(offset, kind, writer, link, window[at + START_SIZE : end])
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
        if at + size > len(window):
            window, at = self._around(offset, size)
        end = at + size
        if len(window) < end or crc32(window[at + CHECKED_AT : end]) != check:
            return None, "the checksum is wrong"
        return Frame(offset, kind, writer, link, window[at + START_SIZE : end]), ""

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
            return os.pread(self._fd, max(0, min(count, self.size - offset)), offset)
        except (OSError, OverflowError) as error:
            raise CassetteError(f"cannot read {self.path}: {error}", hint="is the disk all right?") from error


def _check_start(path: str, start: bytes) -> None:
    if not start:
        raise CassetteError(f"{path} is empty", hint="the run that was to write it never began")
    if len(start) < PREAMBLE.size or not start.startswith(MAGIC):
        raise CassetteError(f"{path} is not a cassette", hint="a cassette is what `replay record` writes")
    check_format(path, PREAMBLE.unpack(start)[1], FORMAT)
