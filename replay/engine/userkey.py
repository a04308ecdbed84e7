"""A random key of this user's, kept outside every cassette: who has a cassette alone cannot guess what was digested.

It lies in ``$XDG_CONFIG_HOME/replay/key``, else ``~/.config/replay/key`` (XDG Base Directory Specification), for its
owner only, and is made at first use. Where it cannot be made or read there are no digests.
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from replay.taps import boundary

SIZE = 32
"""Bytes of the key. Digests have 16, which is also how much of a digest of nothing tells one key from another."""


def digest(content: bytes) -> dict[str, str]:
    """``{key, digest}`` of ``content``, in hex; empty without a key. ``key`` only says under which key."""
    key = _key()
    return {"key": _hash(key, b"")[:8], "digest": _hash(key, content)} if key else {}


def digest_of_file(path: str) -> dict[str, str]:
    """The same of the content of a file. Raises :class:`OSError`."""
    return digest(Path(path).read_bytes()) if _key() else {}


def _hash(key: bytes, content: bytes) -> str:
    return blake2b(content, digest_size=16, key=key).hexdigest()


@lru_cache(maxsize=1)
def _key() -> bytes:
    try:
        with boundary.inside():  # its bytes are none of the program's dice
            return _read(_place()) or _make(_place())
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return b""


def _place() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(base if os.path.isabs(base) else Path.home() / ".config", "replay", "key")


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return b""
    if len(key) != SIZE:
        raise OSError("not a key")
    return key


def _make(path: Path) -> bytes:
    """Another process may be first: the link fails then, and its key is the key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"key.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(os.urandom(SIZE))
    try:
        os.link(fresh, path)
    except FileExistsError:
        return _read(path)
    finally:
        fresh.unlink()
    return _read(path)
