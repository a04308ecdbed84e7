"""Bedrock's ``InvokeModel``: each family of models has a format of its own, told by the keys of the body.

Shapes: "Inference request parameters and response fields for foundation models", Amazon Bedrock's user guide. Bedrock
counts tokens in header fields too, which is the only place for some families.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from replay.dialects import anthropic, bedrock, cohere, embeddings, openai_chat, openai_completions, prompted
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, count, document, documents
from replay.dialects.model import LlmAnswer, LlmRequest, ToolResult, Usage

_COHERE_CHAT = cohere.DIALECTS[1]
_METRICS = "amazon-bedrock-invocationMetrics"

_Asked = Callable[[str, Document], LlmRequest]
_Said = Callable[[Document], LlmAnswer]

_REQUESTS: tuple[tuple[str, _Asked], ...] = (
    ("anthropic_version", anthropic.DIALECT.read_request),
    ("max_tokens_to_sample", prompted.ANTHROPIC.read_request),
    ("schemaVersion", bedrock.DIALECT.read_request),
    ("inferenceConfig", bedrock.DIALECT.read_request),
    ("toolConfig", bedrock.DIALECT.read_request),
    ("messages", openai_chat.DIALECT.read_request),
    ("message", _COHERE_CHAT.read_request),
    ("texts", embeddings.COHERE.read_request),
    ("inputText", prompted.TITAN.read_request),
    ("taskType", embeddings.NOVA.read_request),
    ("prompt", prompted.LLAMA.read_request),
)
"""A key that only requests of one family have -> how these are read; the first that is there."""

_ANSWERS: tuple[tuple[str, _Said], ...] = (
    ("completion", prompted.ANTHROPIC.read_answer),
    ("content", anthropic.DIALECT.read_answer),
    ("output", bedrock.DIALECT.read_answer),
    ("results", prompted.TITAN.read_answer),
    ("generation", prompted.LLAMA.read_answer),
    ("generations", prompted.COHERE.read_answer),
    ("completions", prompted.JURASSIC.read_answer),
    ("outputs", prompted.MISTRAL.read_answer),
    ("embedding", embeddings.TITAN.read_answer),
    ("embeddingsByType", embeddings.TITAN.read_answer),
    ("embeddings", lambda body: _embeddings(body)),
    ("generation_id", _COHERE_CHAT.read_answer),
    ("choices", lambda body: _choices(body)),
)

_STREAMS: tuple[tuple[str, Callable[[Iterable[Document]], Document]], ...] = (
    ("event_type", _COHERE_CHAT.assemble),
    ("type", anthropic.DIALECT.assemble),
    ("messageStart", bedrock.DIALECT.assemble),
    ("outputText", prompted.TITAN.assemble),
    ("completion", prompted.ANTHROPIC.assemble),
    ("generation", prompted.LLAMA.assemble),
    ("outputs", prompted.MISTRAL.assemble),
    ("choices", openai_chat.DIALECT.assemble),
    ("text", prompted.COHERE.assemble),
    ("generations", prompted.COHERE.assemble),
)
"""A key of a stream's first object -> how the stream is put together."""


def _request(path: str, body: Document) -> LlmRequest:
    read = next((read for key, read in _REQUESTS if key in body), bedrock.DIALECT.read_request)
    asked = read(path, body)
    return replace(asked, model=bedrock.model_in(path), stream=path.endswith("stream"))


def _choices(body: Document) -> LlmAnswer:
    """Messages, or the plain text that DeepSeek and older Mistral models give."""
    is_text = any("text" in choice for choice in documents(body.get("choices")))
    return (openai_completions.DIALECT if is_text else openai_chat.DIALECT).read_answer(body)


def _embeddings(body: Document) -> LlmAnswer:
    is_nova = any("embedding" in each for each in documents(body.get("embeddings")))
    return (embeddings.NOVA if is_nova else embeddings.COHERE).read_answer(body)


def _answer(body: Document) -> LlmAnswer:
    read = next((read for key, read in _ANSWERS if key in body), anthropic.DIALECT.read_answer)
    said = read(body)
    return replace(said, usage=said.usage or _metrics(body))


def _metrics(body: Document) -> Usage | None:
    """What Bedrock counted, which it adds to the last object of a stream."""
    counted = document(body.get(_METRICS))
    if not counted:
        return None
    cached, written = count(counted.get("cacheReadInputTokenCount")), count(counted.get("cacheWriteInputTokenCount"))
    before = count(counted.get("inputTokenCount")) + cached + written
    return Usage(before, count(counted.get("outputTokenCount")), cached, cache_written=written)


def _assemble(objects: Iterable[Document]) -> Document:
    rest = iter(objects)
    first = next(rest, {})
    counted: Document = {}

    def watched() -> Iterator[Document]:
        for each in chain([first], rest):
            counted.update({_METRICS: each[_METRICS]} if _METRICS in each else {})
            yield each

    assemble = next((assemble for key, assemble in _STREAMS if key in first), embeddings.last)
    return assemble(watched()) | counted


DIALECT = Dialect(
    name="bedrock.invoke",
    provider="aws",
    endpoint=re.compile(r"/model/.+/invoke(?:-with-response-stream)?$"),
    fields=(),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=lambda body: _results(body),
    result_marks=(b'"tool_result"', b'"toolResult"', b'"tool_call_id"'),
    call_marks=(b'"tool_use"', b'"toolUse"', b'"tool_calls"'),
    read_head=prompted.head_usage("x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"),
)


def _results(body: Document) -> Iterator[ToolResult]:
    for dialect in (anthropic.DIALECT, bedrock.DIALECT, openai_chat.DIALECT):
        yield from dialect.results(body)
