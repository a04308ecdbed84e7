"""Which file belongs to which test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

SUFFIX = ".cassette"
LONGEST = 100
"""Characters of a name, without the suffix: file systems take 255 bytes, and forks add to it."""

_HASHED = 10
_UNSAFE = re.compile(r"[^A-Za-z0-9_.,=@+\[\]-]")


def name_of(node: str) -> str:
    """The cassette's name of the test with this node id, without suffix: ``TestRefund.test_small[7]``.

    A name that is too long is cut, and one with signs that some file system does not take has them replaced; either
    way a digest of the whole is added, so that two tests never get the same name.
    """
    own = node.partition("::")[2].replace("::", ".")
    safe = _UNSAFE.sub("-", own)
    if safe == own and len(own) <= LONGEST:
        return own
    return f"{safe[: LONGEST - _HASHED - 1]}-{sha256(own.encode()).hexdigest()[:_HASHED]}"


def folder_of(module: str, roots: Sequence[str]) -> PurePosixPath:
    """The folder, within the directory of all cassettes, for the tests of ``module`` (a path relative to the project).

    ``tests/billing/test_refund.py`` → ``billing/test_refund``: without the first of ``roots`` that holds it (what
    ``testpaths`` names, or ``tests``).
    """
    path = PurePosixPath(module).with_suffix("")
    for root in roots:
        if path.is_relative_to(root) and path != PurePosixPath(root):
            return path.relative_to(root)
    return path


def named(name: str, folder: Path, project: Path) -> Path:
    """The file that a mark calls ``name``: beside the test's own; with a directory, from the project's root."""
    given = name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"
    return project / given if "/" in given else folder / given


def fork_of(own: Path, base: Path) -> Path:
    """Where a test whose replay departs from ``base`` on purpose keeps what it did; ``own``: the test's own name."""
    return own if own != base else own.with_name(f"{own.name.removesuffix(SUFFIX)}.fork{SUFFIX}")


def shown(path: Path, project: Path) -> str:
    """``path`` as a person types it at the project's root."""
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)
