"""Texts made into vectors: a table of where each format keeps both.

Shapes: the API references of OpenAI ("Embeddings", as Azure, Mistral, Voyage, Jina, Together and most local servers
speak it), Cohere ("Embed"), Google ("Embeddings"), Ollama ("Generate embeddings").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect, model_in
from replay.dialects.lenient import Document, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, Usage
from replay.dialects.places import at, total


@dataclass(frozen=True, slots=True)
class Embedding:
    """Places (:mod:`replay.dialects.places`) of the ``texts`` in the request, the ``vectors`` and ``input`` tokens."""

    texts: tuple[str, ...]
    vectors: tuple[str, ...]
    input: tuple[str, ...]

    def read_request(self, path: str, body: Document) -> LlmRequest:
        words = [(place.partition(".")[0], item) for place in self.texts for item in at(body, place)]
        used = {place.partition(".")[0] for place in self.texts}
        return LlmRequest(
            model=string(body.get("model")) or model_in(path),
            messages=tuple([Message("user", item, path=root) for root, item in words if isinstance(item, str)]),
            params={key: value for key, value in body.items() if key not in used and key != "model"},
        )

    def read_answer(self, body: Document) -> LlmAnswer:
        vectors = [vector for place in self.vectors for vector in at(body, place) if _is_vector(vector)]
        used = total(body, self.input)
        return LlmAnswer(
            model=string(body.get("model")),
            messages=(Message("assistant", parts=tuple(_parts(vectors))),) if vectors else (),
            usage=None if used is None else Usage(input=used),
            error=lenient.error_text(body) or ("" if vectors else string(body.get("message"))),
        )


def _is_vector(value: Any) -> bool:
    """Numbers, or their bytes in base64."""
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], int | float))


def _parts(vectors: list[Any]) -> Iterator[Part]:
    for vector in vectors:
        unit = "characters of base64" if isinstance(vector, str) else "numbers"
        yield Part("embedding", f"{len(vector)} {unit}", vector)


def last(objects: Iterable[Document]) -> Document:
    """What does not come in pieces: the latest of each field."""
    whole: Document = {}
    for each in objects:
        whole |= each
    return whole


def _dialect(name: str, provider: str, endpoint: str, fields: tuple[str, ...], places: Embedding) -> Dialect:
    return Dialect(
        name=name,
        provider=provider,
        endpoint=re.compile(endpoint),
        fields=fields,
        read_request=places.read_request,
        read_answer=places.read_answer,
        assemble=last,
        does="embeddings",
    )


_BILLED = "meta.billed_units.input_tokens"
OPENAI = Embedding(
    ("input", "input.*", "input.*.text"), ("data.*.embedding",), ("usage.prompt_tokens", "usage.total_tokens")
)
COHERE = Embedding(
    ("texts.*", "inputs.*.content.*.text"),
    ("embeddings.*", *(f"embeddings.{kind}.*" for kind in ("float", "int8", "uint8", "binary", "ubinary", "base64"))),
    (_BILLED,),
)
TITAN = Embedding(("inputText",), ("embedding", "embeddingsByType.float"), ("inputTextTokenCount",))
NOVA = Embedding(
    ("singleEmbeddingParams.text.value",), ("embeddings.*.embedding",), ("inputTextTokenCount", "inputTokenCount")
)
_VERTEX = Embedding(
    ("instances.*.content", "instances.*.prompt"),
    ("predictions.*.embeddings.values",),
    ("predictions.*.embeddings.statistics.token_count",),
)
_OLLAMA = Embedding(("input", "input.*", "prompt"), ("embeddings.*", "embedding"), ("prompt_eval_count",))
_GEMINI = Embedding(
    ("content.parts.*.text", "requests.*.content.parts.*.text"),
    ("embedding.values", "embeddings.*.values"),
    ("usageMetadata.promptTokenCount",),
)

DIALECTS: tuple[Dialect, ...] = (
    _dialect("ollama.embed", "ollama", r"/api/(?:embed|embeddings)$", ("input", "prompt"), _OLLAMA),
    _dialect("embeddings", "openai", r"/embeddings$", ("input",), OPENAI),
    _dialect("cohere.embed", "cohere", r"/embed$", ("texts", "images", "inputs"), COHERE),
    _dialect("vertex.predict", "google", r"/models/[^/:]+:predict$", ("instances",), _VERTEX),
    _dialect("gemini.embed", "google", r":(?:embedContent|batchEmbedContents)$", ("content", "requests"), _GEMINI),
)
