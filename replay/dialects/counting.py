"""Requests that only ask how many tokens a prompt is: nothing is generated, nothing is billed, so none is its usage.

Shapes: the API references of Anthropic ("Count tokens"), Google ("Counting tokens"), OpenAI ("Get input token
counts"), Cohere ("Tokenize"), Amazon Bedrock ("CountTokens"). The prompt has the format's own shape.
"""

from __future__ import annotations

import re
from dataclasses import replace

from replay.dialects import anthropic, bedrock, gemini, lenient, openai_responses
from replay.dialects.dialect import Dialect
from replay.dialects.embeddings import last
from replay.dialects.lenient import Document
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part
from replay.dialects.places import total

_COUNTS = ("input_tokens", "totalTokens", "total_tokens", "inputTokens", "count")


def _answer(body: Document) -> LlmAnswer:
    count = total(body, _COUNTS)
    part = Part("count", f"{count} tokens")
    return LlmAnswer(
        messages=() if count is None else (Message("assistant", parts=(part,)),), error=lenient.error_text(body)
    )


def _of_gemini(path: str, body: Document) -> LlmRequest:
    """The prompt lies in the body, or in a ``generateContentRequest`` within it."""
    return gemini.DIALECT.read_request(path, {**body, **lenient.document(body.get("generateContentRequest"))})


def _like(dialect: Dialect, name: str, endpoint: str) -> Dialect:
    """Counts the tokens of a prompt that ``dialect`` reads."""
    return replace(
        dialect,
        name=name,
        endpoint=re.compile(endpoint),
        read_answer=_answer,
        assemble=last,
        does="count",
        billed=False,
        call_marks=(),
    )


def _of_bedrock(path: str, body: Document) -> LlmRequest:
    """The prompt is one of ``Converse``, or the bytes that ``InvokeModel`` would get."""
    asked = lenient.document(lenient.document(body.get("input")).get("converse"))
    return bedrock.DIALECT.read_request(path, asked or body)


DIALECTS: tuple[Dialect, ...] = (
    _like(anthropic.DIALECT, "anthropic.count", r"/messages/count_tokens$|/count-tokens:rawPredict$"),
    replace(
        _like(gemini.DIALECT, "gemini.count", r":countTokens$"),
        read_request=_of_gemini,
        fields=("contents", "generateContentRequest"),
    ),
    replace(
        _like(bedrock.DIALECT, "bedrock.count", r"/model/.+/count-tokens$"),
        read_request=_of_bedrock,
        fields=("input",),
    ),
    _like(openai_responses.DIALECT, "openai.count", r"/responses/input_tokens$"),
)
