"""The frames of one cassette written again into another: how it is encrypted, decrypted and repaired.

Payloads stay as they are, packed; what depends on where a frame lies (links, the numbers of writers, the seal) is new.
Event ids are kept: that they contain the number of a writer is a way of making them unique, and no reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from replay.cassette.cipher import OVERHEAD, Cipher
from replay.cassette.file import File
from replay.cassette.frame import (
    FORMAT,
    MAGIC,
    NO_LINK,
    PREAMBLE,
    START,
    Frame,
    Kind,
    encode_frame,
    next_link,
    pack,
    unpack,
)
from replay.cassette.index import WRITER_STEP, Index
from replay.cassette.log import JOINING
from replay.cassette.scan import scan_file, walk
from replay.errors import CassetteError

ROOT = 0
MADE_ANEW = frozenset([Kind.HEADER, Kind.SEAL, Kind.TAIL, Kind.SIGNATURE])
"""Not copied. Signatures not at all: nobody has signed the new file."""

UNNAMED: list[Any] = [0, ""]
"""The payload of a writer frame that stands for a lost one."""


class Piece(NamedTuple):
    """A frame to write: ``writer`` is the number that it had in the file it comes from."""

    kind: int
    writer: int
    payload: list[Any]


def rewritten(header: bytes, pieces: Iterable[Piece], cipher: Cipher | None = None) -> Iterator[bytes]:
    """A whole sealed file: ``header`` as JSON, then the pieces in order; with ``cipher``, encrypted.

    Among the pieces are writer frames, whose number is the one that their writer had; no header, seal, tail, signature.
    """
    copy = _Copy(cipher)
    yield PREAMBLE.pack(MAGIC, FORMAT)
    yield copy.frame(Kind.HEADER, ROOT, [header] if cipher is None else cipher.header(header))
    for piece in pieces:
        if not copy.knows(piece.writer):
            yield copy.joining(piece.writer, piece.payload if piece.kind == Kind.WRITER else UNNAMED)
        if piece.kind != Kind.WRITER:
            yield copy.frame(piece.kind, copy.numbers[piece.writer], piece.payload)
    yield from copy.end()


def pieces_of(file: File) -> Iterator[Piece]:
    """The pieces of a whole file. Raises :class:`CassetteError` when it is not sealed, or damaged."""
    found = scan_file(file)
    if found.damage or not found.sealed:
        what = str(found.damage[0]) if found.damage else "it was never sealed"
        raise CassetteError(f"{file.path} is not whole: {what}", hint=f"replay repair {file.path}")
    for frame in walk(file):
        if isinstance(frame, Frame) and frame.kind not in MADE_ANEW:
            writer = frame.offset // WRITER_STEP if frame.kind == Kind.WRITER else frame.writer
            yield Piece(frame.kind, writer, unpack(frame))


class _Copy:
    """The file that is being made, as far as it has come. ``numbers``: old number of a writer -> new one."""

    def __init__(self, cipher: Cipher | None) -> None:
        self.numbers = {ROOT: ROOT}
        self._cipher = cipher
        self._index = Index()
        self._links: dict[int, bytes] = {}
        self._size = PREAMBLE.size

    def knows(self, writer: int) -> bool:
        return writer in self.numbers

    def joining(self, old: int, payload: list[Any]) -> bytes:
        """The writer frame of the writer whose number was ``old``."""
        self.numbers[old] = number = self._size // WRITER_STEP
        return self.frame(Kind.WRITER, JOINING, payload, number)

    def frame(self, kind: int, writer: int, payload: list[Any], chain: int | None = None) -> bytes:
        """The next frame of the file; ``chain`` is the writer whose chain it continues, if not ``writer``."""
        chain = writer if chain is None else chain
        before = self._links.get(chain, NO_LINK)
        packed = pack(payload)
        if self._cipher is not None:
            packed = self._cipher.close(kind, writer, before, packed)
        link = self._links[chain] = next_link(before, kind, packed)
        data = encode_frame(kind, writer, link, packed)
        self._index.add(self._size, writer, kind, payload, link)
        self._size += len(data)
        return data

    def end(self) -> Iterator[bytes]:
        """The seal and the tail."""
        self._index.end = self._size
        payload = self._index.encode()
        size = START.size + len(pack(payload)) + (OVERHEAD if self._cipher is not None else 0)
        yield self.frame(Kind.SEAL, ROOT, payload)
        yield self.frame(Kind.TAIL, ROOT, [size.to_bytes(8, "little")])
