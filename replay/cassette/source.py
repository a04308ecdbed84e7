"""Where the bytes of a cassette come from: the file itself, or one that `replay pack` has compressed."""

from __future__ import annotations

import os
from typing import Protocol

from replay.errors import CassetteError


class Source(Protocol):
    """Bytes at any offset. ``size`` is their number when the source was opened.

    ``damage``: places that could not be read, in words, as far as they were met; they read as zeros, which no frame's
    checksum passes.
    """

    size: int
    damage: list[str]

    def read_at(self, offset: int, count: int) -> bytes:
        """At most ``count`` bytes from ``offset``, fewer at the end. Raises OSError."""
        ...

    def close(self) -> None: ...


class Plain:
    """A file as it is. Not by mmap: a file cut short while it is mapped would kill the process."""

    def __init__(self, fd: int) -> None:
        """Takes ``fd`` over: it is closed with this, also when nothing came of the file."""
        self._fd = fd
        self.size = os.fstat(fd).st_size
        self.damage: list[str] = []

    def __del__(self) -> None:
        self.close()

    def read_at(self, offset: int, count: int) -> bytes:
        return os.pread(self._fd, max(0, min(count, self.size - offset)), offset)

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


ZSTD = b"\x28\xb5\x2f\xfd"
"""A zstandard frame begins so (RFC 8878, section 3.1.1)."""


def open_source(path: str) -> Source:
    """The bytes of the cassette at ``path``. Raises :class:`CassetteError` when they cannot be read."""
    try:
        plain = Plain(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        if plain.read_at(0, len(ZSTD)) != ZSTD:
            return plain
        from replay.cassette.packed import Packed

        return Packed(plain, path)
    except OSError as error:
        raise CassetteError(f"cannot read {path}: {error.strerror}", hint="is the path right?") from error
