"""Documents put in order for a question. Shapes: the API references of Cohere, Voyage, Jina and Together ("Rerank")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.embeddings import last
from replay.dialects.lenient import Document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, Usage
from replay.dialects.places import total

_USED = ("usage.total_tokens", "meta.tokens.input_tokens", "meta.billed_units.input_tokens")
"""Cohere bills searches instead of tokens, and then tells no usage."""


def _request(_path: str, body: Document) -> LlmRequest:
    question = string(body.get("query"))
    texts = [each if isinstance(each, str) else lenient.compact(each) for each in items(body.get("documents"))]
    return LlmRequest(
        model=string(body.get("model")),
        messages=(
            Message("user", question, path="query"),
            *[Message("document", text, path=f"documents[{at}]") for at, text in enumerate(texts)],
        ),
        params={key: value for key, value in body.items() if key not in ("model", "query", "documents")},
    )


def _answer(body: Document) -> LlmAnswer:
    found = documents(body.get("results")) or documents(body.get("data"))
    used = total(body, _USED)
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(Message("assistant", parts=tuple(_parts(found))),) if found else (),
        usage=None if used is None else Usage(input=used),
        error=lenient.error_text(body) or ("" if found else string(body.get("message"))),
    )


def _parts(found: list[Document]) -> Iterator[Part]:
    for each in found:
        yield Part("rank", f"document {each.get('index')}: {each.get('relevance_score')}", each)


DIALECT = Dialect(
    name="rerank",
    provider="cohere",
    endpoint=re.compile(r"/rerank$"),
    fields=("documents",),
    beside=("query",),
    read_request=_request,
    read_answer=_answer,
    assemble=last,
    does="rerank",
)
