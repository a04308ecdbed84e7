"""Keys, and where they come from: a file, a variable of the environment, or a command that prints one.

A key is named by a *place*: ``file:PATH`` (or just a path), ``env:NAME`` or ``command:WORDS``. What opens an encrypted
cassette is named by ``$REPLAY_KEY``, so that every command and every program finds it without being told.
"""

from __future__ import annotations

import base64
import binascii
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from replay.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VARIABLE = "REPLAY_KEY"
VALUE = "REPLAY_KEY_VALUE"
SIZE = 32
"""Bytes of a key, for AES-256 and for Ed25519 alike."""

MAX_KEY = 64 << 10
PATIENCE = 60.0
"""Seconds that a command may take: it may ask a person."""

HINT = f"{VARIABLE}=file:PATH, env:NAME or command:WORDS; `replay keygen --encrypt FILE` makes a key"


def read_place(place: str) -> bytes:
    """What lies at ``place``. Raises :class:`UsageError` when nothing can be had there."""
    kind, _, rest = place.partition(":")
    read = _READERS.get(kind)
    try:
        found = (read or _from_file)(rest if read else place)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        reason = getattr(error, "strerror", None) or _said(error)
        raise UsageError(f"no key could be read from {kind if read else 'file'}: {reason}", hint=HINT) from None
    if not found.strip():
        raise UsageError(f"the key from {kind if read else 'file'} is empty", hint=HINT)
    return found


def secret_key(place: str) -> bytes:
    """The 32 bytes of an encryption key: raw, or as 64 hexadecimal digits, or as base64."""
    found = read_place(place)
    if len(found) == SIZE:
        return found
    text = found.strip()
    for decode in (bytes.fromhex, _base64):
        try:
            key = decode(text.decode("ascii"))
        except (ValueError, binascii.Error):
            continue
        if len(key) == SIZE:
            return key
    raise UsageError(
        "an encryption key has 32 bytes: raw, as 64 hexadecimal digits, or as base64",
        hint="`replay keygen --encrypt FILE` makes one",
    )


def opening_key() -> bytes:
    """The key that ``$REPLAY_KEY`` names. Raises :class:`UsageError` when it names none."""
    place = os.environ.get(VARIABLE, "")
    if not place:
        raise UsageError("no key is named", hint=HINT)
    return secret_key(place)


def handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """What of ``environ`` a child process needs to find the same key."""
    kind, _, name = environ.get(VARIABLE, "").partition(":")
    names = (VARIABLE, name) if kind == "env" else (VARIABLE,)
    return {name: environ[name] for name in names if name in environ}


def asked_once(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which processes find a key that a command gives, so that it runs once and not in each.

    A replayed program may also be unable to run it: it reaches no network. Raises :class:`UsageError`.
    """
    place = environ.get(VARIABLE, "")
    if not place.startswith("command:"):
        return {}
    return {VARIABLE: f"env:{VALUE}", VALUE: secret_key(place).hex()}


def signing_key(place: str) -> Ed25519PrivateKey:
    """An Ed25519 private key in PEM (PKCS #8, without a passphrase), as ``replay keygen`` and openssl write it."""
    crypto()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(read_place(place), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"this is no private key: {_said(error)}", hint="`replay keygen FILE` makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("a signing key must be an Ed25519 key", hint="`replay keygen FILE` makes one")
    return key


def public_key(place: str) -> bytes:
    """The 32 bytes of an Ed25519 public key: in PEM, or of ``ed25519:`` and 64 hexadecimal digits."""
    crypto()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    hint = "the file that `replay keygen FILE` wrote as FILE.pub, or the name that `replay sign` printed"
    try:
        if place.startswith(NAMED):
            raw = bytes.fromhex(place.removeprefix(NAMED))
            return raw_public(Ed25519PublicKey.from_public_bytes(raw))
        key = load_pem_public_key(read_place(place))
    except (ValueError, TypeError) as error:
        raise UsageError(f"this is no public key: {_said(error)}", hint=hint) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("a signer's key must be an Ed25519 key", hint=hint)
    return raw_public(key)


NAMED = "ed25519:"


def raw_public(key: Ed25519PublicKey) -> bytes:
    """The key's 32 bytes (RFC 8032)."""
    return key.public_bytes_raw()


def key_name(raw: bytes) -> str:
    """A public key as text that :func:`public_key` reads back."""
    return NAMED + raw.hex()


def crypto() -> None:
    """Raises :class:`UsageError` unless the library for signatures and encryption is installed."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        error = UsageError(
            "signatures and encryption need the library cryptography", hint="pip install 'replay-debugger[crypto]'"
        )
        raise error from None


def _from_file(path: str) -> bytes:
    with open(os.path.expanduser(path), "rb") as file:
        return file.read(MAX_KEY)


def _from_environment(name: str) -> bytes:
    if name not in os.environ:
        raise ValueError(f"{name} is not set")
    return os.environ[name].encode()


def _from_command(words: str) -> bytes:
    """No shell: what the words mean does not depend on one."""
    argv = shlex.split(words)
    if not argv:
        raise ValueError("there is no command")
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    return done.stdout[:MAX_KEY].strip()


def _said(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"the command ended with exit code {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the command took more than {PATIENCE:.0f} seconds"
    return str(error)


def _base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_READERS: dict[str, Callable[[str], bytes]] = {
    "file": _from_file,
    "env": _from_environment,
    "command": _from_command,
}
