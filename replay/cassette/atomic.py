"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable


def write_file(path: str, pieces: Iterable[bytes]) -> int:
    """A new file at ``path`` for its owner only, there whole or not at all; its size.

    Raises OSError, and what ``pieces`` raises.
    """
    part = f"{path}.part-{os.getpid()}"
    size = 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            for piece in pieces:
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise
    return size
