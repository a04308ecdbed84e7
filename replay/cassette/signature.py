"""Signatures: who vouches for all the bytes of a cassette up to a point, as a frame after its tail.

Ed25519 (RFC 8032) over a name, the number of bytes, and their BLAKE2b-256. The frame has a fixed size, so that it is
found from the end of the file, and what it covers opens as if nothing came after it. A signature shows that the holder
of a key has seen these bytes; whose key that is, the verifier must know.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from replay.cassette.file import File
from replay.cassette.frame import Frame, Kind, encode_frame, next_link, pack, unpack
from replay.cassette.keys import crypto, key_name, raw_public
from replay.cassette.scan import scan_file
from replay.cassette.source import Plain
from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "ed25519"
NAME = b"replay cassette signature 1\n"
STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class Signature:
    """``signer``: the public key, as ``ed25519:…``. ``covers``: bytes from the start of the file. ``problem``: why it
    does not hold, or empty."""

    signer: str
    covers: int
    problem: str = ""


def sign(path: str, key: Ed25519PrivateKey) -> Signature:
    """Append a signature of the whole file. Raises :class:`CassetteError` unless the file is sealed and undamaged."""
    file = File(path)
    if not isinstance(file.source, Plain):
        raise UsageError(f"{path} is packed", hint="sign the cassette, then pack it")
    found = scan_file(file)
    if found.damage or not found.sealed:
        what = str(found.damage[0]) if found.damage else "it was never sealed"
        raise CassetteError(f"{path} cannot be signed: {what}", hint=f"replay repair {path}")
    size = file.source.size
    link = file.signatures[-1].link if file.signatures else found.index.links[0]
    signer = raw_public(key.public_key())
    payload = pack([ALGORITHM, signer, size.to_bytes(8, "little"), key.sign(_message(file, size))])
    frame = encode_frame(Kind.SIGNATURE, 0, next_link(link, Kind.SIGNATURE, payload), payload)
    _append(path, size, frame)
    return Signature(key_name(signer), size)


def signatures(file: File) -> list[Signature]:
    """Those at the end of the file, in the order in which they were made. Needs no key."""
    return [_checked(file, frame) for frame in file.signatures]


def broken_signatures(file: File) -> list[str]:
    """What is wrong with them, in words."""
    return [f"the signature by {each.signer}: {each.problem}" for each in signatures(file) if each.problem]


def missing_signer(path: str, signer: bytes) -> str:
    """Why the file at ``path`` is not, as a whole, what the holder of the public key ``signer`` signed; or empty."""
    file = File(path)
    found = [each for each in signatures(file) if each.signer == key_name(signer)]
    if not found:
        return "it is not signed by that key"
    return found[-1].problem


def _checked(file: File, frame: Frame) -> Signature:
    crypto()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signer, covers, signature = _fields(frame)
    problem = ""
    if covers != frame.offset:
        problem = f"the signature covers {covers} bytes, and {frame.offset} come before it"
    else:
        try:
            Ed25519PublicKey.from_public_bytes(signer).verify(signature, _message(file, covers))
        except (InvalidSignature, ValueError):
            problem = "the signature does not fit the bytes: they were changed after it was made"
    return Signature(key_name(signer), covers, problem)


def _fields(frame: Frame) -> tuple[bytes, int, bytes]:
    payload: Any = unpack(frame)
    match payload:
        case [str(algorithm), bytes(signer), bytes(covers), bytes(signature)] if algorithm == ALGORITHM:
            return signer, int.from_bytes(covers, "little"), signature
    raise CassetteError(
        f"the signature frame at byte {frame.offset} is of a kind not known here", hint="a newer version may know it"
    )


def _message(file: File, size: int) -> bytes:
    digest = blake2b(digest_size=32)
    for offset in range(0, size, STEP):
        digest.update(file.source.read_at(offset, min(STEP, size - offset)))
    return NAME + size.to_bytes(8, "little") + digest.digest()


def _append(path: str, size: int, frame: bytes) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="may you write there?") from error
    try:
        if os.fstat(fd).st_size != size or os.write(fd, frame) != len(frame):
            raise CassetteError(f"{path} changed while it was being signed", hint="sign it again when the run is over")
        os.fsync(fd)
    finally:
        os.close(fd)
