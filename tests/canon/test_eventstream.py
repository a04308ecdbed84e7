from __future__ import annotations

import base64
import json
import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer

from replay.canon.eventstream import TYPE
from replay.canon.redact import Redactor
from replay.events import Chunk, End, Head

SECRET = "sk-" + "proj-" + "aB3d" * 9


def message(payload: bytes) -> bytes:
    name, value = b":event-type", b"contentBlockDelta"
    headers = bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    whole = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def plain(text: str) -> bytes:
    return message(json.dumps({"contentBlockIndex": 0, "delta": {"text": text}, "p": "abcd"}).encode())


def wrapped(text: str) -> bytes:
    inside = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"text": text}}).encode()
    return message(b'{"bytes":"%b","p":"abcdef"}' % base64.b64encode(inside))


def kept(data: bytes, size: int) -> list[Chunk]:
    redactor = Redactor({})
    chunks = [Chunk(data[at : at + size]) for at in range(0, len(data), size)]
    parts = [Head(200, headers=(("content-type", TYPE),)), *chunks, End()]
    return [part for given in parts for part in redactor.parts(1, given) if isinstance(part, Chunk)]


def texts(chunks: list[Chunk]) -> str:
    """What a client reads, which checks every length and checksum."""
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join([chunk.data for chunk in chunks]))
    found = []
    for event in buffer:
        said = json.loads(event.payload)
        said = json.loads(base64.b64decode(said["bytes"])) if "bytes" in said else said
        found.append(said["delta"]["text"])
    return "".join(found)


@pytest.mark.parametrize("make", [plain, wrapped])
@pytest.mark.parametrize("size", [7, 100, 100_000])
def test_a_stream_without_a_secret_is_kept_as_it_came(make, size):
    data = b"".join([make(text) for text in ("Hello", " there", ", all is well")])
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert [chunk.data for chunk in kept(data, size)] == chunks


@pytest.mark.parametrize("make", [plain, wrapped])
@pytest.mark.parametrize("size", [7, 100, 100_000])
@pytest.mark.parametrize("step", [3, 1000])
def test_a_secret_is_replaced_and_lengths_and_checksums_are_right(make, size, step):
    text = f"it is {SECRET}, right?"
    data = b"".join([make(text[at : at + step]) for at in range(0, len(text), step)])
    found = kept(data, size)
    assert texts(found) == "it is <secret:openai-key:1>, right?"


def test_what_is_no_event_stream_is_looked_at_as_it_is():
    found = kept(b"<html>" + SECRET.encode(), 10)
    assert SECRET.encode() not in b"".join([chunk.data for chunk in found])
