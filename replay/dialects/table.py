"""The dialects there are. Adding one is one file and one line here."""

from __future__ import annotations

from replay.dialects import anthropic, gemini, openai_chat, openai_responses
from replay.dialects.dialect import Dialect
from replay.events import Request

DIALECTS: tuple[Dialect, ...] = (
    openai_chat.DIALECT,
    openai_responses.DIALECT,
    anthropic.DIALECT,
    gemini.DIALECT,
)


def find(request: Request) -> Dialect | None:
    """The dialect that ``request`` speaks, or None when it is no LLM call that we can read."""
    return next((dialect for dialect in DIALECTS if dialect.claims(request)), None)
