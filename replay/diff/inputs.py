"""Files and environment variables that changed since the recording, in words."""

from __future__ import annotations

from collections.abc import Iterable

from replay.canon.names import VARIABLE
from replay.engine.world import differ, noted
from replay.events import Note

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
    return name.startswith("$") and VARIABLE.search(name) is not None


def differing_inputs(old: Iterable[Note], new: Iterable[Note]) -> list[str]:
    """The names of what two runs both read and found different, as far as they tell; names as above."""
    before, after = noted(old), noted(new)
    return [
        name
        for name, facts in after.items()
        if name in before and all(differ(now, then) for now in facts for then in before[name])
    ]
