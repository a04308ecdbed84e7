"""The wire formats of the model server, by the path that speaks them."""

from __future__ import annotations

from replay.testing.wire import anthropic, bedrock, gemini, ollama, openai_chat, openai_responses
from replay.testing.wire.format import Wire

BY_PATH: dict[str, Wire] = {
    "/v1/chat/completions": openai_chat.WIRE,
    "/v1/responses": openai_responses.WIRE,
    "/v1/messages": anthropic.WIRE,
    "/model/{model:path}/converse": bedrock.WIRE,
    "/model/{model:path}/converse-stream": bedrock.WIRE,
    "/api/chat": ollama.WIRE,
    "/v1beta/models/{model}": gemini.WIRE,
    "/v1/models/{model}": gemini.WIRE,
}
"""Starlette route paths. Gemini's model segment carries its verb after a colon."""
