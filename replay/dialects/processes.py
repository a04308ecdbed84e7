"""A subprocess as the steps show it: its command line, what it said, and how it ended.

The answer's head holds the process id. Each chunk is one thing that the program learned, in the order in which it did;
its first byte says what (:data:`OUTPUT` and the others). What the program writes to the process are requests of their
own (action ``write``).
"""

from __future__ import annotations

import json
import shlex
from typing import Any, NamedTuple

from replay.events import Answer, Request

OUTPUT, ERRORS = b"o", b"e"
"""Bytes of standard output and standard error; none, at its end."""

CLOSED = b"i"
"""The process closed its standard input."""

LATE = b"t"
"""A time limit of the program passed; JSON of what had come by then."""

JOINED = b"j"
"""The process takes part in the run itself: a replay runs it again instead of serving what it did."""

EXIT = b"x"
"""The exit code, as decimal digits."""


class Said(NamedTuple):
    """What a process said. ``code`` is None while nobody was told it."""

    output: bytes
    errors: bytes
    code: int | None


def said(answer: Answer) -> Said:
    """Never raises on odd chunks."""
    parts: dict[bytes, bytes] = {}
    for chunk in answer.chunks:
        tag = chunk.data[:1]
        parts[tag] = parts.get(tag, b"") + chunk.data[1:]
    return Said(parts.get(OUTPUT, b""), parts.get(ERRORS, b""), exit_code(parts.get(EXIT, b"")))


def exit_code(data: bytes) -> int | None:
    """The code that the chunk ``data`` (without its first byte) holds; None for anything odd."""
    text = data.decode("ascii", "replace")
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else None


def command_line(request: Request) -> str:
    """The command, as one would type it; the program's name for a request that holds none."""
    try:
        asked: Any = json.loads(request.body)
        if isinstance(asked.get("shell"), str):
            return str(asked["shell"])
        return shlex.join(asked["argv"]) or request.target
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return request.target


def told(answer: Answer) -> str:
    """What a person reads: the output, the errors under a line of their own."""
    output, errors, _ = said(answer)
    text = output.decode("utf-8", "replace")
    if not errors:
        return text
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}[standard error]\n{errors.decode('utf-8', 'replace')}"
