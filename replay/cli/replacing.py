"""Where a verb that makes one file of another puts it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from replay.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from replay.cassette.file import File


def write(path: str, pieces: Iterable[bytes], *, replace: bool = False) -> int:
    """Write ``path`` whole, or not at all; its size in bytes. Raises :class:`UsageError`.

    What is there already is replaced only if ``replace`` says so.
    """
    from replay.cassette.atomic import write_file

    if not replace:
        free(path)
    try:
        return write_file(path, pieces)
    except OSError as error:
        raise cannot_write(path, error) from error


def free(path: str) -> None:
    """Raises :class:`UsageError` when there is something at ``path``."""
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", hint="name another file with -o, or remove this one")


def cannot_write(path: str, error: OSError) -> CassetteError:
    return CassetteError(f"cannot write {path}: {error.strerror}", hint="may you write there, and is there room?")


def only_one(out: str | None, count: int) -> None:
    """Raises :class:`UsageError` when one name is given for several files."""
    if out and count > 1:
        raise UsageError(f"-o names one file, and there are {count}", hint="leave -o out")


def unsigned(file: File) -> list[str]:
    """What to say of the signatures of a file that was written again: they were of its bytes."""
    return ["replay: its signatures are gone: sign it again"] if file.signatures else []
