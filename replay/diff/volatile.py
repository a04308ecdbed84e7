"""Ids and times that are another in every run and mean the same: what makes a row ``≈`` and not ``≠``.

A model that picks the wrong order out of two differs in nothing but an id, and that is a difference. So an id only
counts as the other run's id when neither occurs in the other run, and when it stands for the same one throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson

from replay.canon.volatile import VOLATILE
from replay.dialects.body import decoded
from replay.dialects.dialect import answer_body
from replay.dialects.steps import Step
from replay.diff.fields import Change

_CALL_ID = re.compile(r"(tool_call_id|tool_use_id|call_id|(tool_calls|content|input)\[\d+\]\.id)$")
"""Where the wire formats put the id of a tool call, which is volatile however it looks."""

_LOOPBACK = re.compile(r"(127\.\d+\.\d+\.\d+|localhost|::1)")


class Volatile:
    """Remembers which id of one run stands for which of the other. Ask in the order of the rows."""

    def __init__(self, old: Iterable[Step], new: Iterable[Step]) -> None:
        self._runs = old, new
        self._stands_for: dict[bytes, bytes] = {}
        self._stood_for: dict[bytes, bytes] = {}

    def covers(self, change: Change) -> bool:
        """Whether nothing but ids and times changed."""
        if change.how != "changed":
            return False
        if change.path == "request.url" and _same_but_for_port(change.before, change.after):
            return True
        if _CALL_ID.search(change.path) and isinstance(change.before, str) and isinstance(change.after, str):
            return self._stands(change.before.encode(errors="replace"), change.after.encode(errors="replace"))
        try:
            old, new = (orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in (change.before, change.after))
        except (TypeError, ValueError):
            return False
        if VOLATILE.search(old) is None or VOLATILE.sub(b"\0", old) != VOLATILE.sub(b"\0", new):
            return False
        pairs = list(zip(_tokens(old), _tokens(new), strict=True))
        return all(a == b or self._stands(a, b) for a, b in pairs)

    def _stands(self, a: bytes, b: bytes) -> bool:
        if a not in self._stands_for and b not in self._stood_for and a not in self._held[1] and b not in self._held[0]:
            self._stands_for[a], self._stood_for[b] = b, a
        return self._stands_for.get(a) == b

    @cached_property
    def _held(self) -> tuple[set[bytes], set[bytes]]:
        """The ids and times of either run."""
        old, new = (set(_tokens(b"\n".join(_texts(run)))) for run in self._runs)
        return old, new


def _tokens(data: bytes) -> Iterator[bytes]:
    return (match[0] for match in VOLATILE.finditer(data))


def _texts(run: Iterable[Step]) -> Iterator[bytes]:
    """Everything that a run says, once: requests to models repeat their history."""
    seen: set[str] = set()
    for step in run:
        for message in step.request.messages if step.request else ():
            if message.text not in seen:
                seen.add(message.text)
                yield message.text.encode("utf-8", "replace")
        yield from _bodies(step)


def _bodies(step: Step) -> Iterator[bytes]:
    """What a step asked, unless it is a call to a model, and what came back."""
    if step.source is None:
        yield step.arguments.encode("utf-8", "replace")
        return
    if step.source.answer is not None:
        yield answer_body(step.source.answer).data
    if step.kind != "llm":
        request = step.source.request
        yield request.target.encode("utf-8", "replace")
        yield decoded(request.body, request.header("content-encoding")).data


def _same_but_for_port(before: Any, after: Any) -> bool:
    """A server on this machine has another port each time it starts."""
    try:
        old, new = urlsplit(before), urlsplit(after)
        names = old.hostname or "", new.hostname or ""
    except (ValueError, AttributeError):
        return False
    local = names[0] == names[1] and _LOOPBACK.fullmatch(names[0]) is not None
    return local and old._replace(netloc="") == new._replace(netloc="")
