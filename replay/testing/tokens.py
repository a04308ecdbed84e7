"""Counting and cutting text by a simple rule: a word or a mark of punctuation is one token."""

from __future__ import annotations

import re
from random import Random

from replay.testing.turn import Message, Prompt, Turn

_TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])")


def count(text: str) -> int:
    return len(_TOKEN.findall(text))


def of_prompt(prompt: Prompt) -> int:
    """Input tokens: all messages and the tools' declarations, with 3 for each message as its frame."""
    tools = sum(count(f"{tool.name} {tool.description} {tool.parameters}") for tool in prompt.tools)
    return tools + sum(3 + _of_message(message) for message in prompt.messages)


def of_turn(turn: Turn) -> int:
    """Output tokens, at least 1."""
    return max(1, count(turn.text) + sum(count(f"{call.name} {call.arguments}") for call in turn.calls))


def limit(turn: Turn, most: int | None) -> Turn:
    """``turn`` cut to ``most`` tokens of text; a turn with tool calls is left whole."""
    if most is None or turn.calls or count(turn.text) <= most:
        return turn
    return Turn("".join(_TOKEN.findall(turn.text)[:most]), cut=True)


def pieces(text: str, rng: Random) -> list[str]:
    """``text`` in the chunks it is streamed in, one to four tokens each; joined they are ``text`` again."""
    tokens = re.findall(r"\s*(?:\w+|[^\w\s])|\s+$", text)
    found = []
    while tokens:
        size = rng.randint(1, 4)
        found.append("".join(tokens[:size]))
        tokens = tokens[size:]
    return found


def _of_message(message: Message) -> int:
    return count(message.text) + sum(count(f"{call.name} {call.arguments}") for call in message.calls)
