"""Whether a conversation keeps its prompt's beginning: what providers' prompt caches live on.

A provider caches a prompt by its exact beginning: tools, system, then the messages. One changed byte, and everything
after it is paid for again. So each turn must begin with the whole of the turn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from replay.dialects import lenient
from replay.dialects.body import decoded
from replay.dialects.steps import Step
from replay.report.amounts import counted

FIRST = ("tools", "system", "instructions", "systemInstruction", "system_instruction")
"""What stands before the messages, in this order; names of the OpenAI, Anthropic and Gemini wire formats."""

MESSAGES = ("messages", "input", "contents")
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Move:
    """``byte``: where, in the earlier turn's prompt, the later one differs; ``path``: the field that lies there.
    ``lost``: how many bytes of the earlier prompt come after it."""

    earlier: int
    later: int
    byte: int
    path: str
    before: str
    after: str
    lost: int

    def __str__(self) -> str:
        return (
            f"the prompt of step {self.later} does not begin with that of step {self.earlier}: byte {self.byte} moved, "
            f"in {self.path}\n   …{self.before!r} → …{self.after!r}\n   {counted(self.lost, 'byte')} after it are not "
            "found in the prompt cache"
        )


def first_move(steps: Sequence[Step]) -> Move | None:
    """The first turn, among LLM calls in order, that does not begin with the turn before it; None if all do."""
    turns = [(step, pieces(step)) for step in steps]
    for at, (step, prompt) in enumerate(turns):
        before = next((turn for turn in reversed(turns[:at]) if _continues(turn, (step, prompt))), None)
        if before is not None and (move := _move(before, (step, prompt))) is not None:
            return move
    return None


Piece = tuple[str, bytes]
Turn = tuple[Step, list[Piece]]


def pieces(step: Step) -> list[Piece]:
    """The prompt of an LLM call, in the order in which it is cached: (path in the body, its JSON)."""
    request = step.source.request if step.source else None
    body = decoded(request.body, request.header("content-encoding")).data if request else b""
    document = lenient.document(lenient.parse(body))
    found = [(name, _json(document[name])) for name in FIRST if name in document]
    for name in MESSAGES:
        value = document.get(name)
        if isinstance(value, list):
            found += [(f"{name}[{at}]", _json(item)) for at, item in enumerate(value)]
        elif value is not None:
            found.append((name, _json(value)))
    return found


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError):
        return repr(value).encode()


def _continues(before: Turn, after: Turn) -> bool:
    """Whether it is a later turn of the same conversation: same task and model, it is longer, and holds some message at
    the same place."""
    (old, had), (new, has) = before, after
    if (old.lineage, old.model) != (new.lineage, new.model) or len(has) <= len(had):
        return False
    messages = [piece for piece in had if "[" in piece[0]]
    return bool(set(messages) & set(has))


def _move(before: Turn, after: Turn) -> Move | None:
    at = 0
    for old, new in zip(before[1], after[1], strict=False):
        if old != new:
            within = _first_difference(old[1], new[1])
            total = sum(len(piece) for _, piece in before[1])
            start = max(0, within - SHOWN // 2)
            had, has = (piece[1][start : start + SHOWN].decode("utf-8", "replace") for piece in (old, new))
            return Move(before[0].number, after[0].number, at + within, new[0], had, has, total - at - within)
        at += len(old[1])
    return None


def _first_difference(old: bytes, new: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
