"""OpenAI completions, the format before chat, as vLLM, Together, DeepSeek and others still speak it; Mistral's FIM too.

Shapes: OpenAI's API reference, "Completions (legacy)". ``prompt`` is text, a list of texts, or token numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect, model_in
from replay.dialects.lenient import Document, document, documents, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message

_NOT_PARAMS = frozenset(("model", "prompt", "stream"))


def _request(path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")) or model_in(path),
        messages=tuple(_prompts(body.get("prompt"))),
        params={key: value for key, value in body.items() if key not in _NOT_PARAMS},
        stream=body.get("stream") is True,
    )


def _prompts(prompt: object) -> list[Message]:
    if isinstance(prompt, list) and prompt and all(isinstance(each, str) for each in prompt):
        return [Message("user", each, path=f"prompt[{at}]") for at, each in enumerate(prompt)]
    return [Message("user", lenient.compact(prompt), path="prompt")]


def _answer(body: Document) -> LlmAnswer:
    choices = documents(body.get("choices"))
    return LlmAnswer(
        model=string(body.get("model")),
        messages=tuple([Message("assistant", _words(choice)) for choice in choices]),
        usage=openai_chat.usage(body.get("usage")),
        finish_reason=string(choices[0].get("finish_reason")) if choices else "",
        error=lenient.error_text(body),
    )


def _words(choice: Document) -> str:
    return string(choice.get("text")) or string(document(choice.get("message")).get("content"))


def _assemble(chunks: Iterable[Document]) -> Document:
    whole: Document = {}
    pieces: dict[int, list[str]] = {}
    reasons: dict[int, str] = {}
    for chunk in chunks:
        whole |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        for choice in documents(chunk.get("choices")):
            at = lenient.index(choice.get("index"), 0)
            words = string(choice.get("text")) or string(document(choice.get("delta")).get("content"))
            pieces.setdefault(at, []).append(words)
            reasons[at] = string(choice.get("finish_reason")) or reasons.get(at, "")
    return {
        **whole,
        "choices": [{"text": "".join(pieces[at]), "finish_reason": reasons[at]} for at in sorted(pieces)],
    }


DIALECT = Dialect(
    name="openai.completions",
    provider="openai",
    endpoint=re.compile(r"(?<!/chat)/completions$"),
    fields=("prompt",),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
)
