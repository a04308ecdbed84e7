"""Whether texts are harmful. Shapes: OpenAI's API reference, "Moderations", which Mistral speaks too. Free of cost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.embeddings import OPENAI, last
from replay.dialects.lenient import Document, document, documents, string
from replay.dialects.model import LlmAnswer, Message, Part
from replay.dialects.openai_chat import usage


def _answer(body: Document) -> LlmAnswer:
    found = documents(body.get("results"))
    return LlmAnswer(
        model=string(body.get("model")),
        messages=(Message("assistant", parts=tuple(_parts(found))),) if found else (),
        usage=usage(body.get("usage")),
        error=lenient.error_text(body),
    )


def _parts(found: list[Document]) -> Iterator[Part]:
    for each in found:
        named = [name for name, is_so in document(each.get("categories")).items() if is_so is True]
        yield Part("moderation", ", ".join(named) or "nothing flagged", each)


DIALECT = Dialect(
    name="openai.moderations",
    provider="openai",
    endpoint=re.compile(r"/(?:chat/)?moderations$"),
    fields=("input",),
    read_request=OPENAI.read_request,
    read_answer=_answer,
    assemble=last,
    does="moderation",
    billed=False,
)
