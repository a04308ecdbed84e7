"""One process's end of the file: encoded frames go in whole, by a single write each time, and never anywhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from replay.cassette.frame import (
    FORMAT,
    MAGIC,
    NO_LINK,
    PREAMBLE,
    START,
    Kind,
    encode_frame,
    max_payload,
    next_link,
    pack,
    packer,
)
from replay.cassette.index import WRITER_STEP, Index
from replay.cassette.stock import Stock
from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from replay.cassette.cipher import Cipher

SYNC_EVERY = 1_000_000_000
"""Nanoseconds of the run between two fdatasync, which cost milliseconds each."""

JOINING = 0xFFFFFFFF
"""Stands in a writer frame, which is written before its writer has a number."""
Payloads = list[tuple[Kind, list[Any]]]

UNINDEXED = 64 << 10
"""Bytes of frames that wait to be indexed: many at a time take half as long as each between two calls."""

LARGE = 1 << 20
"""A packer that has packed more than this many bytes is given up, with its buffer."""


class Log:
    """Appends frames. Raises OSError or ValueError; then nothing of that call counts as written."""

    def __init__(self, fd: int, cipher: Cipher | None = None) -> None:
        self.fd = fd
        self.cipher = cipher
        self.writer = 0
        self.stock = Stock()
        self._index = Index()
        self._is_indexed = False
        self._unindexed: list[tuple[int, int, Kind, list[Any], bytes]] = []
        self._unindexed_size = 0
        self.size = 0
        """Bytes that this process has written."""
        self.misfits: list[str] = []
        """What was written and found no place in the index, in words."""
        self._link = NO_LINK
        self._pack = packer()
        self._synced = 0

    @property
    def index(self) -> Index:
        """Of all that this process has written, if it created the file; true as long as nobody else wrote to it."""
        self._catch_up()
        self._index.end = self.size
        return self._index

    @classmethod
    def create(cls, path: str, header: list[Any], cipher: Cipher | None = None) -> Log:
        """A new file with its first frame. An existing cassette at ``path`` is replaced, any other file is not."""
        log = cls(_create(path), cipher)
        log._is_indexed = True
        log._append([(Kind.HEADER, header)], PREAMBLE.pack(MAGIC, FORMAT))
        return log

    @classmethod
    def join(cls, path: str, pid: int, lineage: str, cipher: Cipher | None = None) -> Log:
        """The end of a file that another process of the run has created."""
        log = cls(_open(path, os.O_WRONLY | os.O_APPEND), cipher)
        log.writer = JOINING
        log._append([(Kind.WRITER, [pid, lineage])])
        # The position after an appending write is its end, whoever else writes.
        log.writer = (os.lseek(log.fd, 0, os.SEEK_CUR) - log.size) // WRITER_STEP
        return log

    def write(self, kind: Kind, payload: list[Any]) -> None:
        """Write a frame, with the stock's new blobs in it or, if they are too many, ahead of it."""
        sections = self.stock.take_sections()
        frames: Payloads = [(Kind.BLOBS, [section]) for section in sections[:-1]]
        if sections:
            payload[0] = sections[-1]
        frames.append((kind, payload))
        try:
            self._append(frames)
        except BaseException:
            self.stock.forget()
            raise

    def seal(self, index: Index) -> None:
        """The index, and a last frame of fixed size that leads back to it."""
        payload = index.encode()
        back = START.size + len(pack(payload)) + (self.cipher.overhead if self.cipher is not None else 0)
        self._append([(Kind.SEAL, payload), (Kind.TAIL, [back.to_bytes(8, "little")])])

    def sync(self, at: int) -> None:
        """To the disk, if the last time was long enough ago."""
        if at - self._synced >= SYNC_EVERY:
            self._synced = at
            _to_disk(self.fd)

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        try:
            _to_disk(fd)
        finally:
            os.close(fd)

    def _append(self, frames: Payloads, data: bytes = b"") -> None:
        """One write."""
        link, writer, places = self._link, self.writer, []
        for kind, payload in frames:
            packed = self._pack(payload)
            if self.cipher is not None:
                packed = self.cipher.close(kind, writer, link, packed)
            if len(packed) > LARGE:
                self._pack = packer()
                if len(packed) > max_payload(kind):
                    raise ValueError(f"a frame of {len(packed)} bytes is too large")
            link = next_link(link, kind, packed)
            places.append((self.size + len(data), writer, kind, payload, link))
            data += encode_frame(kind, writer, link, packed)
        written = os.write(self.fd, data)
        if written != len(data):
            raise OSError(f"only {written} of {len(data)} bytes were written: is the disk full?")
        self._link = link
        self.size += written
        if self._is_indexed:
            self._unindexed += places
            self._unindexed_size += written
            if self._unindexed_size > UNINDEXED:
                self._catch_up()

    def _catch_up(self) -> None:
        waiting, self._unindexed, self._unindexed_size = self._unindexed, [], 0
        for frame in waiting:
            try:
                self._index.add(*frame)
            except (KeyError, ValueError, TypeError) as error:  # the answer to a request that could not be written
                self.misfits.append(f"the {frame[2].name.lower()} frame at byte {frame[0]}: {error!r}")


def _to_disk(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def _create(path: str) -> int:
    _remove_cassette(path)
    return _open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)


def _remove_cassette(path: str) -> None:
    """Make room. Removed rather than emptied, because another process may be reading it."""
    try:
        with open(path, "rb") as file:
            start = file.read(len(MAGIC))
        if not MAGIC.startswith(start):
            raise UsageError(f"{path} exists and is no cassette", hint="choose another path, or remove the file")
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"cannot replace {path}: {error.strerror}", hint="choose another path") from error


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CassetteError(
            f"cannot write {path}: {error.strerror}", hint="does its directory exist, and may you write there?"
        ) from error
