"""What changed fields tell by themselves about why they changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from replay.dialects.model import Message
from replay.diff.fields import Change

CHANCE = "only what looks like a time, an id or a random number differs: the recorder did not see where it came from"

PROMPT = "your prompt changed (the system message)"
INSTRUCTIONS = ("system", "developer")
"""Roles of the messages that are the program's own words."""

_BY_CHANCE = re.compile(r"[0-9a-fA-F]{6,}|\d+\.\d+|\d\d:\d\d(:\d\d)?")

_BY_FIELD = {
    "model": "your code asks another model",
    "tools": "the tools that your code offers changed",
    "instructions": "your prompt changed (the instructions)",
    "system": PROMPT,
    "systemInstruction": "your prompt changed (the system instruction)",
    "temperature": "your code sets another temperature",
    "method": "your code makes another call",
    "url": "your code makes another call",
    "name": "your code makes another call",
}


def field_told(changes: Sequence[Change]) -> str:
    """What it means that these fields of a request changed, in words; empty when they tell nothing."""
    fields = {change.path.split(".")[1].partition("[")[0] for change in changes if "." in change.path}
    return next((words for field, words in _BY_FIELD.items() if field in fields), "")


def prompt_told(changes: Sequence[Change], messages: Sequence[Message]) -> str:
    """That the program's own instructions, one of ``messages``, changed, in words; empty when they did not."""
    places = [f"request.{message.path}" for message in messages if message.role in INSTRUCTIONS and message.path]
    found = any(lies_in(change.path, place) for change in changes for place in places if change.how != "removed")
    return PROMPT if found else ""


def lies_in(path: str, place: str) -> bool:
    """Whether a changed field and a place in the request are the same, or one lies in the other."""
    return path == place or path.startswith((f"{place}.", f"{place}[")) or place.startswith((f"{path}.", f"{path}["))


def only_chance(changes: Sequence[Change]) -> bool:
    """Whether nothing changed but what looks drawn or read from a clock."""
    return bool(changes) and all(_by_chance(change.before, change.after) for change in changes)


def _by_chance(before: Any, after: Any) -> bool:
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return before != after and _BY_CHANCE.sub("0", before) == _BY_CHANCE.sub("0", after)
