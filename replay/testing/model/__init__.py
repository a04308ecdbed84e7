"""A small rule-based model: it really reads its prompt, its tools and their results, so that changing one of them
changes what it does. It knows orders, refunds, cities and dates, and any tool whose schema speaks of such things."""

from __future__ import annotations

import json
from random import Random

from replay.testing import tokens
from replay.testing.model import directions, phrasing
from replay.testing.model.arguments import fill
from replay.testing.model.choosing import choose
from replay.testing.model.facts import known
from replay.testing.turn import Prompt, Turn


def decide(prompt: Prompt, rng: Random) -> Turn:
    """The model's turn: tool calls, or else words. ``rng`` stands for sampling; the calls do not depend on it."""
    asked = directions.read(prompt.system)
    if asked.labels:
        return Turn(phrasing.label(prompt, asked.labels))
    choice = choose(prompt, asked)
    if choice.calls:
        return Turn(calls=choice.calls)
    text = phrasing.answer(prompt, choice, asked, rng)
    if prompt.schema is not None:
        filled = fill(prompt.schema, known(prompt)) if prompt.schema.get("properties") else {"answer": text}
        text = json.dumps(filled, ensure_ascii=False)
    return tokens.limit(Turn(text), prompt.max_tokens)
