"""The reader's side of a stock: numbers back to texts, blobs and bodies, with bounds on what they may grow to."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, TypeAlias

from replay.cassette.frame import Frame, damaged, unpack
from replay.cassette.stock import NO_NODE, decode_text
from replay.errors import CassetteError
from replay.events import Head, Headers

MAX_BODY = 64 << 20
"""The most bytes that one body, or all of one answer, may expand to beyond the size of the file."""

ENTRY_COST = 48
"""What a blob or a node takes in memory beyond its bytes."""

STEP_COST = 64
"""What an element of a list costs on top of its bytes, so that endless lists of nothing come to an end too."""

LARGEST = 1 << 62
"""Numbers of blobs and nodes stay far below this."""

CACHED_SECTIONS = 32 << 20
CACHED_TEXTS = 1 << 14

Column: TypeAlias = "array[int]"
NO_COLUMN: Column = array("Q")
Opened = tuple[int, list[bytes], int, list[int]]


class Shelf:
    """``frame_at`` reads the frame at an offset of the file, which has ``size`` bytes.

    Sections are registered in file order, then decoded when needed.
    """

    def __init__(self, frame_at: Callable[[int], Frame], size: int = 0) -> None:
        self._frame_at = frame_at
        self._size = size
        self._blobs: dict[int, Column] = {}
        self._nodes: dict[int, Column] = {}
        self._offsets: dict[int, Column] = {}
        self._opened: dict[int, Opened] = {}
        self._opened_size = 0
        self._texts: dict[int, dict[int, str]] = {}
        self._heads: dict[tuple[int, ...], Head] = {}
        self._fields: dict[int, dict[tuple[int, int], tuple[str, str]]] = {}

    def register(self, writer: int, first_blob: int, first_node: int, offset: int) -> None:
        """The frame at ``offset`` holds the blobs and nodes of ``writer`` from these numbers on."""
        row = (first_blob, first_node, offset)
        for columns, value in zip((self._blobs, self._nodes, self._offsets), row, strict=True):
            columns.setdefault(writer, array("Q")).append(value)

    def register_all(self, writers: Column, first_blobs: Column, first_nodes: Column, offsets: Column) -> None:
        """:meth:`register`, row by row."""
        if not writers:
            return
        if writers == writers[:1] * len(writers):  # the rule, and no work however long the columns are
            self._blobs[writers[0]], self._nodes[writers[0]] = first_blobs, first_nodes
            self._offsets[writers[0]] = offsets
            return
        for row in zip(writers, first_blobs, first_nodes, offsets, strict=True):
            self.register(*row)

    def text(self, writer: int, number: int) -> str:
        texts = self._texts.setdefault(writer, {})
        found = texts.get(number)
        if found is None:
            found = decode_text(self.blob(writer, number))
            if len(texts) >= CACHED_TEXTS:
                texts.clear()
            texts[number] = found
        return found

    def headers(self, writer: int, numbers: Any) -> Headers:
        """The fields whose names and values have these numbers, alternately; equal fields are one object."""
        known = self._fields.setdefault(writer, {})
        fields: list[tuple[str, str]] = []
        for pair in zip(numbers[::2], numbers[1::2], strict=True):
            field = known.get(pair)
            if field is None:
                if len(known) >= CACHED_TEXTS:
                    known.clear()
                field = known[pair] = (self.text(writer, pair[0]), self.text(writer, pair[1]))
            fields.append(field)
        return tuple(fields)

    def head(self, writer: int, status: int, reason: int, version: int, fields: Any) -> Head:
        """The head with these texts; equal heads are one object."""
        key = (writer, status, reason, version, *fields)
        found = self._heads.get(key)
        if found is None:
            head = Head(status, self.text(writer, reason), self.text(writer, version), self.headers(writer, fields))
            if len(self._heads) >= CACHED_TEXTS:
                self._heads.clear()
            found = self._heads[key] = head
        return found

    def data(self, writer: int, items: Any, before: int = 0) -> bytes:
        """The bytes that *data* stands for: themselves, or an array of literals, blob numbers and lists.

        ``before``: bytes that came before them and count with them.
        """
        if type(items) is bytes:
            return items
        pieces: list[bytes] = []
        cost = before
        for item in items:
            if type(item) is bytes:
                pieces.append(item)
            elif type(item) is int:
                pieces.append(self.blob(writer, item))
            else:
                cost += self._add_list(pieces, writer, *item)
            cost += len(pieces[-1]) if pieces else 0
            if cost > MAX_BODY + self._size:
                raise _too_large()
        return b"".join(pieces)

    def blob(self, writer: int, number: int) -> bytes:
        first, blobs, _, _ = self._section(writer, self._blobs, number)
        if not 0 <= number - first < len(blobs):
            raise _missing("blob", number)
        return blobs[number - first]

    def _add_list(self, pieces: list[bytes], writer: int, node: int) -> int:
        """Add the elements of a list, found from its last node back: parents come before children, so this ends."""
        start = len(pieces)
        cost = 0
        while node != NO_NODE:
            _, _, first, nodes = self._section(writer, self._nodes, node)
            at = 2 * (node - first)
            if not 0 <= at < len(nodes) - 1 or not NO_NODE <= nodes[at] < node:
                raise _missing("list node", node)
            pieces.append(self.blob(writer, nodes[at + 1]))
            cost += len(pieces[-1]) + STEP_COST
            if cost > MAX_BODY + self._size:
                raise _too_large()
            node = nodes[at]
        pieces[start:] = pieces[: start - 1 if start else None : -1]
        return cost

    def _section(self, writer: int, firsts: dict[int, Column], number: int) -> Opened:
        place = bisect_right(firsts.get(writer, NO_COLUMN), number) - 1
        if place < 0:
            raise _missing("number", number)
        offset = self._offsets[writer][place]
        return self._opened.get(offset) or self._open(offset)

    def keep(self, frame: Frame, section: Any) -> Opened:
        """Remember the section of a frame that was decoded anyway. Raises :class:`CassetteError` if it is none."""
        opened = self._opened.get(frame.offset)
        if opened is not None:
            return opened
        if not is_section(section):
            raise damaged(frame, "holds no blobs where it should")
        size = frame.size + ENTRY_COST * (len(section[1]) + len(section[3]))
        self._opened_size += size
        if self._opened_size > CACHED_SECTIONS:
            self._opened.clear()
            self._opened_size = size
        opened = self._opened[frame.offset] = tuple(section)
        return opened

    def _open(self, offset: int) -> Opened:
        frame = self._frame_at(offset)
        payload = unpack(frame)
        return self.keep(frame, payload[0] if isinstance(payload, list) and payload else None)


def is_section(section: Any) -> bool:
    """Whether this is what :meth:`replay.cassette.stock.Stock.take_sections` gives."""
    if not isinstance(section, list) or len(section) != 4:
        return False
    first_blob, blobs, first_node, nodes = section
    return (
        type(first_blob) is int
        and type(first_node) is int
        and 0 <= first_blob < LARGEST
        and 0 <= first_node < LARGEST
        and type(blobs) is list
        and type(nodes) is list
        and set(map(type, blobs)) <= {bytes}
        and set(map(type, nodes)) <= {int}
    )


def _missing(what: str, number: int) -> CassetteError:
    return CassetteError(f"{what} {number} is not in the file", hint="`replay verify` lists every damaged frame")


def _too_large() -> CassetteError:
    return CassetteError(
        f"a body expands to more than {MAX_BODY} bytes beyond the file's own", hint="the file is damaged, or a trap"
    )
