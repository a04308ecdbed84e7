"""``replay keygen``: a new key in a file."""

from __future__ import annotations

import os
import secrets

import click

from replay.cli import output
from replay.cli.command import verb


@verb("keygen", "Make a key, to sign or to encrypt with.")
@click.argument("file")
@click.option("--encrypt", is_flag=True, help="A secret key for REPLAY_KEY, instead of a pair for signatures.")
def command(file: str, encrypt: bool) -> int:
    """\b
    Examples:
      replay keygen audit.key                      to sign with; the public half is in audit.key.pub
      replay keygen --encrypt data.key             to encrypt with

    Write a new key into a file for its owner only. Who loses the key of an encrypted cassette has lost the cassette.
    """
    from replay.cli import replacing

    replacing.free(file)
    if encrypt:
        _write(file, secrets.token_hex(32).encode() + b"\n", 0o600)
        output.note(f"replay: a key is in {file}", f"hint: export REPLAY_KEY=file:{os.path.abspath(file)}")
        return 0
    replacing.free(public := f"{file}.pub")
    private_pem, public_pem, name = _pair()
    _write(file, private_pem, 0o600)
    _write(public, public_pem, 0o644)
    output.note(f"replay: {name}: to sign with {file}, to verify with {public}")
    return 0


def _pair() -> tuple[bytes, bytes, str]:
    """Private and public key in PEM, and the public one's name."""
    from replay.cassette.keys import crypto, key_name

    crypto()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, pem, key_name(public.public_bytes_raw())


def _write(path: str, data: bytes, mode: int) -> None:
    from replay.cli import replacing

    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
    except OSError as error:
        raise replacing.cannot_write(path, error) from error
