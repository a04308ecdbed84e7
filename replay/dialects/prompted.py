"""Formats that take one prompt and give text: each is a table of the places where it keeps them.

Shapes: the API references of Cohere ("Generate"), Anthropic ("Text Completions"), Hugging Face (text-generation-
inference), IBM watsonx.ai ("Text generation"), Aleph Alpha ("Complete"), Replicate ("Predictions"), Cloudflare Workers
AI, Alibaba DashScope, Writer, llama.cpp's server; and Amazon Bedrock, "Inference request parameters and
response fields" for its own and others' models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

from replay.dialects import lenient
from replay.dialects.dialect import Dialect, model_in
from replay.dialects.lenient import Document
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Usage
from replay.dialects.places import at, built, text, texts, total
from replay.events import Head


@dataclass(frozen=True, slots=True)
class Prompted:
    """Places (:mod:`replay.dialects.places`); of several, the first that holds anything counts.

    * ``prompt``: in the request. ``text``: in the answer, each text a choice unless they are ``joined``.
    * ``pieces``: in the objects of a stream. ``whole``: in its last one, where that repeats all the text.
    * ``finish``, ``input`` and ``output`` (tokens), ``model``: in an answer, streamed or not; models in requests too.
    """

    prompt: tuple[str, ...]
    text: tuple[str, ...]
    finish: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    model: tuple[str, ...] = ("model",)
    joined: bool = False

    def read_request(self, path: str, body: Document) -> LlmRequest:
        prompts = [item for place in self.prompt for item in at(body, place) if isinstance(item, str)]
        root = self.prompt[0].partition(".")[0]
        return LlmRequest(
            model=text(body, self.model) or model_in(path),
            messages=tuple([Message("user", prompt, path=root) for prompt in prompts]),
            params={key: value for key, value in body.items() if key not in (root, "model", "stream")},
            stream=body.get("stream") is True or path.endswith(("stream", "_stream")),
        )

    def read_answer(self, body: Document) -> LlmAnswer:
        said = texts(body, self.text)
        choices = ["".join(said)] if self.joined and said else said
        return LlmAnswer(
            model=text(body, self.model),
            messages=tuple([Message("assistant", choice) for choice in choices]),
            usage=self.usage(body),
            finish_reason=text(body, self.finish),
            error=lenient.error_text(body),
        )

    def usage(self, body: Document) -> Usage | None:
        before, after = total(body, self.input), total(body, self.output)
        return None if before is None and after is None else Usage(before or 0, after or 0)

    def assemble(self, objects: Iterable[Document]) -> Document:
        """The latest of each field, and the pieces joined where a whole text belongs."""
        whole: Document = {}
        pieces: list[str] = []
        for each in objects:
            whole = _merged(whole, each)
            pieces += texts(each, self.pieces)
        said = text(whole, self.whole) or "".join(pieces)
        return _merged(whole, built(self.text[0], said)) if said else whole


def _merged(old: Document, new: Document, depth: int = 2) -> Document:
    """The latest of each field, the greatest of each count: some servers tell tokens in the first object alone."""
    whole = dict(old)
    for key, value in new.items():
        before = whole.get(key)
        if value is None:
            continue
        if isinstance(before, int | float) and isinstance(value, int | float):
            whole[key] = max(before, value)
        elif depth and isinstance(value, dict) and isinstance(before, dict):
            whole[key] = _merged(before, value, depth - 1)
        elif depth and _is_one(value) and _is_one(before):
            whole[key] = [_merged(before[0], value[0], depth - 1)]
        else:
            whole[key] = value
    return whole


def _is_one(value: Any) -> TypeGuard[list[Document]]:
    """Whether it is a list of one object."""
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)


def _dialect(
    name: str, provider: str, endpoint: str, fields: tuple[str, ...], places: Prompted, **rest: Any
) -> Dialect:
    return Dialect(
        name=name,
        provider=provider,
        endpoint=re.compile(endpoint),
        fields=fields,
        read_request=places.read_request,
        read_answer=places.read_answer,
        assemble=places.assemble,
        says_end=bool(places.finish),
        **rest,
    )


def head_usage(before: str, after: str) -> Callable[[Head], Usage | None]:
    """Reads the header fields in which a server counts tokens."""

    def read(head: Head) -> Usage | None:
        counts = [head.header(name) or "" for name in (before, after)]
        if not any(counts):
            return None
        known = [int(count) if count.isascii() and count.isdigit() and len(count) < 16 else 0 for count in counts]
        return Usage(known[0], known[1])

    return read


ANTHROPIC = Prompted(("prompt",), ("completion",), ("stop_reason",), pieces=("completion",))
COHERE = Prompted(
    ("prompt",),
    ("generations.*.text", "response.generations.*.text"),
    ("generations.*.finish_reason", "finish_reason", "response.finish_reason"),
    ("meta.tokens.input_tokens", "meta.billed_units.input_tokens", "response.meta.billed_units.input_tokens"),
    ("meta.tokens.output_tokens", "meta.billed_units.output_tokens", "response.meta.billed_units.output_tokens"),
    pieces=("text",),
)
TITAN = Prompted(
    ("inputText",),
    ("results.*.outputText",),
    ("results.*.completionReason", "completionReason", "amazon-bedrock-guardrailAction"),
    ("inputTextTokenCount", "amazon-bedrock-invocationMetrics.inputTokenCount"),
    ("results.*.tokenCount", "totalOutputTextTokenCount", "amazon-bedrock-invocationMetrics.outputTokenCount"),
    pieces=("outputText",),
)
LLAMA = Prompted(
    ("prompt",), ("generation",), ("stop_reason",), ("prompt_token_count",), ("generation_token_count",),
    pieces=("generation",),
)  # fmt: skip
MISTRAL = Prompted(
    ("prompt",), ("outputs.*.text",), ("outputs.*.stop_reason",), pieces=("outputs.*.text",)
)  # fmt: skip
JURASSIC = Prompted(("prompt",), ("completions.*.data.text",), ("completions.*.finishReason.reason",))
_HUGGING_FACE = Prompted(
    ("inputs",),
    ("generated_text",),
    ("details.finish_reason",),
    ("details.input_length",),
    ("details.generated_tokens",),
    pieces=("token.text",),
    whole=("generated_text",),
)
_WATSONX = Prompted(
    ("input",),
    ("results.*.generated_text",),
    ("results.*.stop_reason",),
    ("results.*.input_token_count",),
    ("results.*.generated_token_count",),
    pieces=("results.*.generated_text",),
    model=("model_id",),
)
_ALEPH_ALPHA = Prompted(
    ("prompt", "prompt.*.data"),
    ("completions.*.completion",),
    ("completions.*.finish_reason",),
    ("num_tokens_prompt_total",),
    ("num_tokens_generated",),
    pieces=("completion",),
    model=("model", "model_version"),
)
_REPLICATE = Prompted(
    ("input.prompt", "input.messages"),
    ("output.*", "output"),
    ("status",),
    ("metrics.input_token_count",),
    ("metrics.output_token_count",),
    pieces=("data",),
    joined=True,
)
_CLOUDFLARE = Prompted(
    ("prompt", "messages.*.content"),
    ("result.response", "response", "result.choices.*.message.content"),
    (),
    ("result.usage.prompt_tokens", "usage.prompt_tokens"),
    ("result.usage.completion_tokens", "usage.completion_tokens"),
    pieces=("response",),
)
_DASHSCOPE = Prompted(
    ("input.prompt", "input.messages.*.content", "input.messages.*.content.*.text"),
    ("output.text", "output.choices.*.message.content", "output.choices.*.message.content.*.text"),
    ("output.finish_reason", "output.choices.*.finish_reason"),
    ("usage.input_tokens",),
    ("usage.output_tokens",),
)
_WRITER = Prompted(("prompt",), ("choices.*.text",), pieces=("value",))
_LLAMA_CPP = Prompted(
    ("prompt",),
    ("content",),
    ("stop_type", "stopping_word"),
    ("tokens_evaluated",),
    ("tokens_predicted",),
    pieces=("content",),
)

DIALECTS: tuple[Dialect, ...] = (
    _dialect("anthropic.complete", "anthropic", r"/v1/complete$", ("prompt",), ANTHROPIC),
    _dialect("cohere.generate", "cohere", r"/v1/generate$", ("prompt",), COHERE),
    _dialect(
        "huggingface",
        "huggingface",
        r"huggingface\.co/models/|hf-inference/models/|huggingface\.cloud/$|/generate(?:_stream)?$"
        r"|/invocations(?:-response-stream)?$",
        ("inputs",),
        _HUGGING_FACE,
        read_head=head_usage("x-prompt-tokens", "x-generated-tokens"),
    ),
    _dialect(
        "watsonx",
        "ibm",
        r"/ml/v1[^/]*/(?:text/generation|generation/text|deployments/[^/]+/text/generation)(?:_stream)?$",
        ("input",),
        _WATSONX,
    ),
    _dialect(
        "aleph-alpha", "aleph-alpha", r"/complete$", ("prompt",), _ALEPH_ALPHA, beside=("maximum_tokens", "model")
    ),
    _dialect(
        "replicate",
        "replicate",
        r"replicate[^/]*/v1/(?:.+/)?predictions(?:/[^/]+)?$|replicate[^/]*/v1/streams/[^/]+$",
        ("input",),
        _REPLICATE,
        methods=("POST", "GET"),
    ),
    _dialect("cloudflare", "cloudflare", r"/ai/run/@", ("prompt", "messages"), _CLOUDFLARE),
    _dialect(
        "dashscope", "alibaba", r"/services/aigc/(?:text|multimodal)-generation/generation$", ("input",), _DASHSCOPE
    ),
    _dialect("writer", "writer", r"^api\.writer\.com(?::\d+)?/v1/completions$", ("prompt",), _WRITER),
    _dialect("llama.cpp", "llama.cpp", r"/completion$", ("prompt",), _LLAMA_CPP),
)
