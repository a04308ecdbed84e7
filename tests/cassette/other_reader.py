"""A reader of cassettes written from FORMAT.md, sharing no code with ours: what the page says must be enough.

It reads whole files into memory, trusts them, and gives plain dictionaries.
"""

from __future__ import annotations

import json
import struct
import zlib
from hashlib import blake2b
from itertools import accumulate
from typing import Any

import msgpack
import zstandard

MAGIC = b"\x89replay\n"
MARKER = b"\xc1\x52\x70\xc1"
JOINING = 0xFFFFFFFF


def read(data: bytes, key: bytes = b"", signer: bytes = b"") -> dict[str, Any]:
    """Header, events, notes and reads. ``key`` opens an encrypted file; ``signer`` must have signed it."""
    data = unpacked(data)
    assert data[:8] == MAGIC
    assert struct.unpack("<I", data[8:12]) == (1,)
    return Run(data, key, signer).result()


def unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x28\xb5\x2f\xfd"):
        return data
    count, zero, magic = struct.unpack("<IBI", data[-9:])
    assert (zero, magic) == (0, 0x8F92EAB1)
    table = struct.unpack(f"<{2 * count}I", data[-9 - 8 * count : -9])
    pieces, at = [], 0
    for packed, size in zip(table[::2], table[1::2], strict=True):
        pieces.append(zstandard.ZstdDecompressor().decompress(data[at : at + packed]))
        assert len(pieces[-1]) == size
        at += packed
    return b"".join(pieces)


class Run:
    def __init__(self, data: bytes, key: bytes, signer: bytes) -> None:
        self.data = data
        self.key = key
        self.signer = signer
        self.signed = False
        self.links: dict[int, bytes] = {}
        self.blobs: dict[tuple[int, int], bytes] = {}
        self.nodes: dict[tuple[int, int], tuple[int, int]] = {}
        self.header: dict[str, Any] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.notes: list[Any] = []
        self.reads: list[Any] = []
        self.sealed = False

    def result(self) -> dict[str, Any]:
        at = 12
        while at < len(self.data):
            at = self.frame(at)
        assert self.signed or not self.signer
        return {"header": self.header, "events": list(self.events.values()), "notes": self.notes, "reads": self.reads}

    def frame(self, at: int) -> int:
        """The frame at ``at``; where the next one begins."""
        marker, crc, kind, writer, length, link = struct.unpack("<4sIBII16s", self.data[at : at + 33])
        payload = self.data[at + 33 : at + 33 + length]
        assert marker == MARKER
        assert zlib.crc32(self.data[at + 8 : at + 33 + length]) == crc
        chain = at // 32 if kind == 2 else writer
        before = bytes(16) if kind in (1, 2) else self.links[chain]
        assert blake2b(before + bytes([kind]) + payload, digest_size=16).digest() == link
        self.links[chain] = link
        if self.header and "cipher" in self.header and kind not in (1, 9, 10):
            payload = self.decrypted(payload, kind, writer)
        self.take(kind, writer, msgpack.unpackb(payload), at)
        return at + 33 + length

    def decrypted(self, payload: bytes, kind: int, writer: int) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        salt = bytes.fromhex(self.header["salt"])
        keys = HKDF(SHA256(), 64, salt, b"replay cassette").derive(self.key)
        return AESGCM(keys[:32]).decrypt(payload[:12], payload[12:], struct.pack("<BI", kind, writer))

    def take(self, kind: int, writer: int, payload: list[Any], at: int) -> None:
        if kind in (3, 4, 5, 6, 7) and payload[0] is not None:
            self.section(writer, *payload[0])
        match kind:
            case 1:
                self.take_header(payload)
            case 4:
                self.take_issue(writer, payload)
            case 5:
                self.take_parts(writer, payload)
            case 6:
                self.take_reads(writer, payload[1])
            case 7:
                self.notes.append([payload[1], json.loads(self.bytes(writer, payload[2]))])
            case 8:
                self.check_seal(payload, at)
            case 10:
                self.check_signature(payload, at)

    def section(self, writer: int, first_blob: int, blobs: list[bytes], first_node: int, nodes: list[int]) -> None:
        for place, blob in enumerate(blobs):
            self.blobs[writer, first_blob + place] = blob
        for place, pair in enumerate(zip(nodes[::2], nodes[1::2], strict=True)):
            self.nodes[writer, first_node + place] = pair

    def text(self, writer: int, number: int) -> str:
        return self.blobs[writer, number].decode("utf-8", "surrogatepass")

    def bytes(self, writer: int, data: Any) -> bytes:
        if isinstance(data, bytes):
            return data
        return b"".join(self.item(writer, item) for item in data)

    def item(self, writer: int, item: Any) -> bytes:
        if isinstance(item, bytes):
            return item
        return self.blobs[writer, item] if isinstance(item, int) else self.list(writer, item[0])

    def list(self, writer: int, node: int) -> bytes:
        if node == -1:
            return b""
        parent, blob = self.nodes[writer, node]
        return self.list(writer, parent) + self.blobs[writer, blob]

    def headers(self, writer: int, numbers: list[int]) -> list[list[str]]:
        texts = [self.text(writer, number) for number in numbers]
        return [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]

    def take_header(self, payload: list[bytes]) -> None:
        self.header = json.loads(payload[0])
        if len(payload) == 2:
            inner = json.loads(self.decrypted(payload[1], 1, 0))
            self.header = {**inner, "cipher": self.header["cipher"], "salt": self.header["salt"]}

    def take_issue(self, writer: int, payload: list[Any]) -> None:
        _, id, lineage, mark, number, at, tick, parent, where, origin, kind, action, target, effect, *rest = payload
        headers, body, reads = rest
        self.events[id] = {
            **{"id": id, "lineage": lineage, "fingerprint": mark, "number": number, "at": at, "tick": tick},
            **{"parent": parent, "where": self.text(writer, where), "origin": origin, "kind": kind, "effect": effect},
            **{"action": self.text(writer, action), "target": self.text(writer, target)},
            **{"headers": self.headers(writer, headers), "body": self.bytes(writer, body)},
            **{"head": None, "chunks": [], "end": None},
        }
        self.take_reads(writer, reads)

    def take_parts(self, writer: int, payload: list[Any]) -> None:
        _, id, head, ats, ticks, datas, end, reads = payload
        event = self.events[id]
        if head is not None:
            at, tick, status, reason, version, headers = head
            words = (self.text(writer, reason), self.text(writer, version), self.headers(writer, headers))
            event["head"] = [at, tick, status, *words]
        pieces = [self.bytes(writer, data) for data in datas]
        event["chunks"] += [list(each) for each in zip(accumulate(ats), accumulate(ticks), pieces, strict=True)]
        if end is not None:
            at, tick, ending, failure = end
            if failure is not None:
                name, message, state = failure
                failure = [self.text(writer, name), self.bytes(writer, message), self.bytes(writer, state)]
            event["end"] = [at, tick, ending, failure]
        self.take_reads(writer, reads)

    def take_reads(self, writer: int, reads: list[Any] | None) -> None:
        for lineage, source, numbers, data in reads or ():
            values = json.loads(self.bytes(writer, data)) if numbers is None else numbers
            self.reads.append([lineage, self.text(writer, source), values])

    def check_seal(self, payload: list[Any], at: int) -> None:
        end, _, writers, links, _, _, columns = payload
        numbers = struct.unpack(f"<{len(writers) // 4}I", writers)
        assert end == at
        assert all(links[16 * n : 16 * n + 16] for n in range(len(numbers)))
        ids = struct.unpack(f"<{len(columns[0]) // 8}Q", columns[0])
        assert list(ids) == list(self.events)

    def check_signature(self, payload: list[Any], at: int) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        algorithm, public, size, signature = payload
        assert (algorithm, int.from_bytes(size, "little")) == ("ed25519", at)
        digest = blake2b(self.data[:at], digest_size=32).digest()
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"replay cassette signature 1\n" + size + digest)
        self.signed = self.signed or public == self.signer
