"""Making an answer that was redacted fit to be served again.

* A secret that the program itself has sent, such as a key echoed back, is put back: the program compares it with its
  own. The recorded request says which placeholder stood where, the request of now what stands there.
* A body that came compressed and is kept unpacked is packed again.
* ``Content-Length`` and the checksums that can be computed are those of the body to come; other checksums are left out.

Most answers hold no placeholder, and cost one search for each chunk.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

from replay.canon import grpc
from replay.canon.body import content_type, is_json
from replay.canon.coding import packer, unpacker
from replay.canon.packed import UNPACKED
from replay.canon.placeholders import IN_BYTES, MARK, PLACEHOLDER
from replay.canon.redact import SWITCHED, Redactor
from replay.events import Answer, Chunk, End, Head, Headers, Part, Request

T = TypeVar("T")

REMEMBERED = 256
"""Restored chunks remembered, to be kept in a fork as they were recorded."""

CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "content-md5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}
"""Checksums of the body as it is sent, in base64 (RFC 1864; Amazon S3's "Checking object integrity")."""

_DIGEST = "<secret:digest:"


class Restorer:
    """Answers of one replay. ``recorded_request`` loads the request of an event of the cassette."""

    def __init__(self, redactor: Redactor, recorded_request: Callable[[int], Request]) -> None:
        self._redactor = redactor
        self._recorded_request = recorded_request
        self._sent: dict[str, bytes] = {}
        self._as_recorded: dict[bytes | Head, bytes | Head] = {}
        self._order: deque[bytes | Head] = deque()
        self._unmarked: Head | None = None

    def answer(self, answer: Answer, id: int, asked: Request) -> Answer:
        """The answer of event ``id`` as the program of now shall have it, which asked ``asked`` (redacted)."""
        if self._redactor.fresh:
            self._note_sent(id, asked)
        head = answer.head
        chunks = answer.chunks
        is_marked = MARK in chunks[0].data if len(chunks) == 1 else any(MARK in chunk.data for chunk in chunks)
        if not is_marked and (head is self._unmarked or head is None or not _is_marked(head.headers)):
            self._unmarked = head  # a server answers with the same head many times
            return answer
        if is_marked:
            chunks = self._chunks(answer)
        if head is not None:
            head = self._head(head, b"".join([chunk.data for chunk in chunks]), answer if is_marked else None)
            self._remember(answer.head, head)
        return replace(answer, head=head, chunks=chunks)

    def recorded(self, part: Part) -> Part:
        """``part``, which is being served, as it stands in the cassette: a fork must not hold what was put back."""
        if not self._as_recorded or isinstance(part, End):
            return part
        if isinstance(part, Head):
            head = self._as_recorded.get(part)
            return head if isinstance(head, Head) else part
        data = self._as_recorded.get(part.data)
        return replace(part, data=data) if isinstance(data, bytes) else part

    def _note_sent(self, id: int, asked: Request) -> None:
        """Which recorded placeholders stand for what the program has sent now, if it is new."""
        fresh = self._redactor.fresh
        if not any(request is asked for request in fresh):
            return
        recorded = self._recorded_request(id)
        for then, now in zip(_placeholders(recorded), _placeholders(asked), strict=False):
            secret = self._redactor.placeholders.secret(now)
            if secret is not None:
                self._sent.setdefault(then, secret)

    def _chunks(self, answer: Answer) -> tuple[Chunk, ...]:
        escape = _escape_of(answer)
        coding = (answer.head.header("content-encoding") or "") if answer.head else ""
        plain = _unpacked(answer.chunks, coding)
        put_back = self._put_into_frames if _is_grpc(answer) else self._put_back
        restored = [replace(chunk, data=put_back(chunk.data, escape)) for chunk in plain]
        if plain is not answer.chunks:
            restored = _packed(restored, coding, whole=answer.end is not None and answer.end.ending == "complete")
        for then, now in zip(answer.chunks, restored, strict=True):
            self._remember(then.data, now.data)
        return tuple(restored)

    def _put_back(self, data: bytes, escape: Callable[[str], str]) -> bytes:
        if not self._sent or MARK not in data:
            return data
        return IN_BYTES.sub(lambda match: self._value(match[0].decode(), escape).encode("utf-8", "surrogatepass"), data)

    def _put_into_frames(self, data: bytes, escape: Callable[[str], str]) -> bytes:
        def put_back(data: bytes) -> bytes:
            return self._put_back(data, escape)

        def put_into(fields: Headers) -> Headers:
            return tuple([(name, self._text(value)) for name, value in fields])

        return grpc.rewritten(data, put_back, put_into)

    def _value(self, placeholder: str, escape: Callable[[str], str]) -> str:
        secret = self._sent.get(placeholder)
        return placeholder if secret is None else escape(secret.decode("utf-8", "surrogatepass"))

    def _text(self, text: str, escape: Callable[[str], str] = str) -> str:
        return PLACEHOLDER.sub(lambda match: self._value(match[0], escape), text)

    def _head(self, head: Head, body: bytes, changed: Answer | None) -> Head:
        headers = [(name, self._field(name, value, body)) for name, value in head.headers]
        if changed is not None and changed.end is not None and changed.end.ending == "complete" and body:
            headers = [(n, str(len(body)) if n.lower() == "content-length" else value) for n, value in headers]
        if changed is not None and _is_unpacked(changed) and packer(head.header("content-encoding") or "") is None:
            headers = [(name, value) for name, value in headers if name.lower() != "content-encoding"]
        return replace(head, headers=tuple([(name, value) for name, value in headers if value is not None]))

    def _field(self, name: str, value: str, body: bytes) -> str | None:
        """None: a field that cannot be had any more."""
        if value.startswith(_DIGEST):
            checksum = CHECKSUMS.get(name.lower())
            return b64encode(checksum(body)).decode() if checksum else None
        return (
            self._text(value, lambda secret: quote(secret, safe=""))
            if name.lower() == "location"
            else self._text(value)
        )

    def _remember(self, then: bytes | Head | None, now: bytes | Head) -> None:
        if then is not None and then != now and now not in self._as_recorded:
            self._as_recorded[now] = then
            self._order.append(now)
            if len(self._order) > REMEMBERED:
                del self._as_recorded[self._order.popleft()]


@lru_cache(maxsize=1024)
def _is_marked(headers: Headers) -> bool:
    return any("<secret:" in value for _, value in headers)


def _placeholders(request: Request) -> list[str]:
    """The placeholders of a request in an order that depends on nothing but what it asks."""
    fields = sorted(f"{name.lower()}: {value}" for name, value in request.headers if "<secret:" in value)
    text = "\n".join((request.target, *fields, request.body.decode("utf-8", "replace")))
    return [match[0] for match in PLACEHOLDER.finditer(text)]


def _escape_of(answer: Answer) -> Callable[[str], str]:
    """How a value is written in the answer's body."""
    type = content_type(answer.head.headers) if answer.head else "application/json"
    if (
        is_json(type)
        or (answer.head and answer.head.status == SWITCHED)
        or type.startswith("text/event-stream")
        or "ndjson" in type
    ):
        return _in_json
    return (lambda value: quote(value, safe="")) if "urlencoded" in type else str


def _is_grpc(answer: Answer) -> bool:
    return answer.head is not None and content_type(answer.head.headers) == grpc.TYPE


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _is_unpacked(answer: Answer) -> bool:
    return any(UNPACKED in chunk.data for chunk in answer.chunks)


def _unpacked(chunks: tuple[Chunk, ...], coding: str) -> tuple[Chunk, ...]:
    """The chunks without compression, if from one on they are kept so; else ``chunks`` itself."""
    at = next((number for number, chunk in enumerate(chunks) if UNPACKED in chunk.data), None)
    if at is None:
        return chunks
    unpack = unpacker(coding)
    packed, _, first = chunks[at].data.partition(UNPACKED)
    before = [*chunks[:at], replace(chunks[at], data=packed)] if packed else chunks[:at]
    plain = [replace(chunk, data=unpack.unpack(chunk.data) if unpack else b"") for chunk in before]
    return (*plain, replace(chunks[at], data=first), *chunks[at + 1 :])


def _packed(chunks: list[Chunk], coding: str, *, whole: bool) -> list[Chunk]:
    """The chunks packed one by one; plain when this coding cannot be packed here (the head then says so)."""
    pack = packer(coding)
    if pack is None:
        return chunks
    packed = [replace(chunk, data=pack.pack(chunk.data)) for chunk in chunks]
    if whole and packed:
        packed[-1] = replace(packed[-1], data=packed[-1].data + pack.finish())
    return packed
