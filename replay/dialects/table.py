"""The dialects there are. Adding one is one file and one line here."""

from __future__ import annotations

from functools import lru_cache

from replay.dialects import (
    anthropic,
    bedrock,
    bedrock_invoke,
    cohere,
    counting,
    embeddings,
    gemini,
    gemini_interactions,
    mistral_conversations,
    ollama,
    openai_assistants,
    openai_chat,
    openai_completions,
    openai_media,
    openai_moderations,
    openai_responses,
    prompted,
    rerank,
)
from replay.dialects.dialect import Dialect, place
from replay.events import Request

DIALECTS: tuple[Dialect, ...] = (
    openai_chat.DIALECT,
    openai_responses.DIALECT,
    openai_responses.STORED,
    anthropic.DIALECT,
    gemini.DIALECT,
    gemini_interactions.DIALECT,
    bedrock.DIALECT,
    bedrock_invoke.DIALECT,
    *cohere.DIALECTS,
    *ollama.DIALECTS,
    mistral_conversations.DIALECT,
    *prompted.DIALECTS,
    openai_completions.DIALECT,
    *embeddings.DIALECTS,
    rerank.DIALECT,
    *openai_media.DIALECTS,
    openai_moderations.DIALECT,
    *counting.DIALECTS,
    openai_assistants.DIALECT,
)
"""The first that claims a request reads it."""


def find(request: Request) -> Dialect | None:
    """The dialect that ``request`` speaks, or None when it is no call to a model that we can read."""
    if request.kind != "http":
        return None
    spoken = spoken_at(request.target.partition("?")[0])
    return next((dialect for dialect in spoken if dialect.claims(request)), None)


@lru_cache(maxsize=1024)
def spoken_at(url: str) -> tuple[Dialect, ...]:
    """The dialects that may be spoken at ``url``: a run asks the same few again and again."""
    where = place(url)
    return tuple([dialect for dialect in DIALECTS if dialect.endpoint.search(where)])
