"""Files and environment variables that changed since the recording, in words."""

from __future__ import annotations

from collections.abc import Iterable

from replay.engine.world import SECRET

MOST = 3


def changed_inputs(names: Iterable[str]) -> str:
    """``prompt.md and the variable MODE changed since the recording``; empty when nothing did. Names as in
    :class:`replay.engine.result.Result`."""
    words = [f"the variable {name[1:]}" if name.startswith("$") else name for name in dict.fromkeys(names)]
    if len(words) > MOST:
        words[MOST - 1 :] = [f"{len(words) - MOST + 1} other inputs"]
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
    return f"{listed} changed since the recording" if listed else ""


def is_secret(name: str) -> bool:
    """Whether it is a variable of which only its presence is known."""
    return name.startswith("$") and SECRET.search(name) is not None
