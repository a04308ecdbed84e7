"""Forks that tests keep: what a run did that departed from its cassette on purpose."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from replay.cassette import Reader
from replay.engine.swaps.grammar import parse_all
from replay.errors import UsageError


def is_stale(fork: Path, swaps: Sequence[Any]) -> bool:
    """Whether ``fork`` was made with other swaps than these. False when there is no such file."""
    if not fork.is_file():
        return False
    words = parse_all([swap for swap in swaps if isinstance(swap, str)])
    given = {str(swap) for swap in (*words, *(swap for swap in swaps if not isinstance(swap, str)))}
    return set(Reader(str(fork)).header.swaps) != given


def stale(shown: str, node: str) -> UsageError:
    """The error for a test whose fork is stale."""
    return UsageError(
        f"{shown} was made with other swaps than the test has now",
        hint=f"make it anew: pytest {shlex.quote(node)} --replay-update",
    )
