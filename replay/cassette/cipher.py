"""Encryption at rest: every payload is encrypted by itself, so that an encrypted cassette is written, cut short,
read at any place and shared by processes like any other.

AES-256-GCM (NIST SP 800-38D) under keys derived from the user's key and a salt of the file's own (HKDF-SHA-256, RFC
5869). The nonce is a keyed hash of the payload and of the link before it: unique without a counter that processes would
have to share, and without touching the dice of the program that is being recorded. Kinds, sizes and times of writing
stay visible. That frames are whole, complete and in order is what the chain shows, and a signature proves.
"""

from __future__ import annotations

import os
import struct
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from replay.cassette.frame import FORMAT, NO_LINK, Frame, Kind
from replay.cassette.keys import crypto, opening_key
from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CIPHER = "aes-256-gcm"
SALT_SIZE = 32
NONCE_SIZE = 12
OVERHEAD = NONCE_SIZE + 16
"""Bytes that an encrypted payload is longer: the nonce before it and the tag after."""

OPEN_KINDS = frozenset([Kind.HEADER, Kind.TAIL, Kind.SIGNATURE])
"""Payloads that are not encrypted as a whole: a header says how the others are, the last two must be found first."""

_BOUND = struct.Struct("<BI")


class Cipher:
    """The cipher of one file under the user's ``key``: by default the one that ``$REPLAY_KEY`` names, once needed."""

    overhead = OVERHEAD

    def __init__(self, salt: bytes, key: bytes | None = None) -> None:
        self.salt = salt
        self._key = key

    @classmethod
    def new(cls, key: bytes | None = None) -> Cipher:
        """For a new file. Raises :class:`UsageError` when there is no key."""
        crypto()
        return cls(os.urandom(SALT_SIZE), opening_key() if key is None else key)

    def header(self, data: bytes) -> list[Any]:
        """The payload of the header frame for the header ``data``."""
        said = {"format": FORMAT, "cipher": CIPHER, "salt": self.salt.hex()}
        return [orjson.dumps(said), self._encrypt(Kind.HEADER, 0, NO_LINK, data)]

    def close(self, kind: int, writer: int, link: bytes, packed: bytes) -> bytes:
        """The payload as it is written; ``link`` is the one before it in the writer's chain."""
        return packed if kind in OPEN_KINDS else self._encrypt(kind, writer, link, packed)

    def open(self, frame: Frame) -> bytes:
        """The payload as it was packed. Raises :class:`CassetteError` when this is not the key, or it was changed."""
        return frame.payload if frame.kind in OPEN_KINDS else self._decrypt(frame.kind, frame.writer, frame.payload)

    def open_header(self, data: bytes) -> bytes:
        return self._decrypt(Kind.HEADER, 0, data)

    def _encrypt(self, kind: int, writer: int, link: bytes, data: bytes) -> bytes:
        aead, nonce_key = self._keys
        bound = _BOUND.pack(kind, writer)
        nonce = blake2b(link + bound + data, key=nonce_key, digest_size=NONCE_SIZE).digest()
        return nonce + aead.encrypt(nonce, data, bound)

    def _decrypt(self, kind: int, writer: int, data: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        if type(data) is not bytes or len(data) < OVERHEAD:
            raise CassetteError("an encrypted payload is too short", hint="`replay verify` lists every damaged frame")
        aead, _ = self._keys
        try:
            return aead.decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], _BOUND.pack(kind, writer))
        except InvalidTag:
            raise CassetteError(
                "what is encrypted here does not open with this key",
                hint="REPLAY_KEY must name its key",
            ) from None

    @cached_property
    def _keys(self) -> tuple[AESGCM, bytes]:
        crypto()
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        if self._key is None:
            try:
                self._key = opening_key()
            except UsageError as error:
                raise CassetteError(f"the cassette is encrypted: {error.message}", hint=error.hint) from None
        derived = HKDF(SHA256(), 64, self.salt, b"replay cassette").derive(self._key)
        return AESGCM(derived[:32]), derived[32:]


def cipher_of(said: Any) -> Cipher:
    """The cipher that a header's first item tells. Raises :class:`CassetteError` for one that is not known here."""
    try:
        found = orjson.loads(said)
        if found["cipher"] == CIPHER and len(salt := bytes.fromhex(found["salt"])) == SALT_SIZE:
            return Cipher(salt)
        what = f"with the cipher {found['cipher']!r}"
    except (ValueError, TypeError, KeyError):
        what = "in a way that makes no sense"
    raise CassetteError(f"the cassette is encrypted {what}", hint="a newer version may open it")
