"""The stock of one writer: every text and blob it has written, so that the next time a number is enough.

Blobs are numbered from 0 in order of writing; so are nodes, each a (parent node, blob) pair, -1 standing for no parent.
A list is named by its last node. Only hashes stay in memory.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, TypeVar

from replay.cassette.segments import WHOLE, Blob, List, Literal, Segment, split_body, split_bytes
from replay.events import Headers

MAX_KNOWN = 1 << 19
"""Hashes kept, about 100 bytes each. Past that the stock forgets, and what comes again is written again."""

MAX_TEXTS = 1 << 14
MAX_HEADERS = 1 << 9
LONG_TEXT = 512
"""Short texts are also remembered as they are, which is quicker than hashing them for every call."""

MAX_SECTION_SIZE = 2 << 20
MAX_SECTION_ITEMS = 1 << 17

NO_NODE = -1
Data = bytes | list["bytes | int | list[int]"]
Section = list["int | list[bytes] | list[int]"]
Key = TypeVar("Key")
Value = TypeVar("Value")


class Stock:
    """Gives numbers for data. What is new waits in ``sections`` until the frame that uses it is written."""

    def __init__(self) -> None:
        self._blobs: dict[bytes, int] = {}
        self._texts: dict[str, int] = {}
        self._headers: dict[Headers, list[int]] = {}
        self._nodes: dict[tuple[int, int], int] = {}
        self._next_blob = 0
        self._next_node = 0
        self._new: list[Section] = []
        self._room = 0

    def text(self, text: str) -> int:
        """The number of the blob that holds ``text``."""
        number = self._texts.get(text)
        if number is None:
            number = self.blob(encode_text(text))
            if len(text) <= LONG_TEXT:
                _remember(self._texts, text, number, MAX_TEXTS)
        return number

    def headers(self, headers: Headers) -> list[int]:
        """Name, value, name, value, …: the numbers of their blobs."""
        before = self._headers.get(headers)
        if before is not None:
            return before
        known = self._texts.get
        numbers: list[int] = []
        for name, value in headers:
            first, second = known(name), known(value)
            numbers.append(self.text(name) if first is None else first)
            numbers.append(self.text(value) if second is None else second)
        _remember(self._headers, headers, numbers, MAX_HEADERS)
        return numbers

    def body(self, body: bytes) -> Data:
        """Itself if it is short, else an array: literals as bytes, blobs as numbers, lists as one-element lists with
        their last node."""
        if len(body) < WHOLE:
            return body
        return [self._item(segment) for segment in split_body(body)]

    def data(self, data: bytes) -> Data:
        """Like :meth:`body`, for bytes that are not worth looking into."""
        if len(data) < WHOLE:
            return data
        return [self._item(segment) for segment in split_bytes(data)]

    def blob(self, data: bytes) -> int:
        """The number of a blob that holds ``data``."""
        key = blake2b(data, digest_size=16).digest()
        number = self._blobs.get(key)
        if number is None:
            self._section(len(data))[1].append(data)
            number = self._next_blob
            self._next_blob += 1
            _remember(self._blobs, key, number, MAX_KNOWN)
        return number

    def take_sections(self) -> list[Section]:
        """What is new, as it is written: first blob number, blobs, first node number, flat (parent, blob) pairs.

        Each section fits into a frame. The caller writes all of them, or calls :meth:`forget`.
        """
        if not self._new:
            return []
        sections, self._new, self._room = self._new, [], 0
        return sections

    def forget(self) -> None:
        """Something could not be written: its numbers are spent, and nothing may refer to them again."""
        for known in (self._blobs, self._texts, self._headers, self._nodes):
            known.clear()

    def _item(self, segment: Segment) -> bytes | int | list[int]:
        if isinstance(segment, Literal):
            return segment.data
        return self.blob(segment.data) if isinstance(segment, Blob) else [self._list(segment)]

    def _list(self, segment: List) -> int:
        node = NO_NODE
        for element in segment.elements:
            key = (node, self.blob(element))
            found = self._nodes.get(key)
            if found is None:
                self._section(16)[3].extend(key)
                found = self._next_node
                self._next_node += 1
                _remember(self._nodes, key, found, MAX_KNOWN)
            node = found
        return node

    def _section(self, size: int) -> Any:
        """The section that has room for ``size`` more bytes."""
        self._room -= size + 8
        last: Any = self._new[-1] if self._new else None
        if last is None or self._room < 0 or len(last[1]) + len(last[3]) > MAX_SECTION_ITEMS:
            self._new.append([self._next_blob, [], self._next_node, []])
            self._room = MAX_SECTION_SIZE - size - 8
        return self._new[-1]


def _remember(known: dict[Key, Value], key: Key, number: Value, limit: int) -> None:
    if len(known) >= limit:
        known.clear()
    known[key] = number


def encode_text(text: str) -> bytes:
    """UTF-8; lone surrogates, which file names and broken headers have, pass through."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
