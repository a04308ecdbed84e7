"""What the model says to a prompt: what the script has it say, or else its own words."""

from __future__ import annotations

from random import Random

from replay.testing.model import decide
from replay.testing.reply import Reply
from replay.testing.turn import Prompt, ToolCall, Turn
from replay.testing.wire.stamp import Stamp


def spoken(prompt: Prompt, reply: Reply, stamp: Stamp, call_id: str) -> Turn:
    """The turn; its calls get ids that begin with ``call_id``."""
    turn = _turn(prompt, reply, stamp)
    calls = tuple(ToolCall(call.name, call.arguments, stamp.id(call_id)) for call in turn.calls)
    return Turn(turn.text, calls, turn.cut)


def _turn(prompt: Prompt, reply: Reply, stamp: Stamp) -> Turn:
    """A steady prompt fixes words, never ids."""
    if reply.say is not None:
        return Turn(reply.say)
    if reply.calls is not None:
        return Turn(calls=tuple(ToolCall(call["name"], call.get("arguments", {})) for call in reply.calls))
    return decide(prompt, Random(0) if prompt.steady else stamp.rng)
