"""Pictures, speech and transcripts. Shapes: OpenAI's API reference, "Images" and "Audio", which others speak as well.

Forms carry files, which are shown by name, type and size. Spoken answers are bytes, written ones may be plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from replay.dialects import lenient
from replay.dialects.dialect import Dialect, model_in
from replay.dialects.lenient import Document, count, document, documents, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, Usage

_FILES = ("file", "image", "mask")


def _request(path: str, body: Document) -> LlmRequest:
    words = string(body.get("prompt")) or string(body.get("input"))
    files = [Part(name, _named(body[name]), body[name]) for name in _FILES if body.get(name)]
    parts = (*files, *([Part("text", words)] if words else []))
    asked = Message("user", words, parts=parts if files else (), path="input" if "input" in body else "prompt")
    return LlmRequest(
        model=string(body.get("model")) or model_in(path),
        messages=(asked,) if parts else (),
        params={key: value for key, value in body.items() if key not in ("model", "prompt", "input", *_FILES)},
        stream=body.get("stream") in (True, "true") or body.get("stream_format") == "sse",
    )


def _named(file: Any) -> str:
    doc = document(file)
    return f"{doc.get('filename')}, {doc.get('type')}, {doc.get('bytes')} bytes" if doc else string(file)[:200]


def _usage(value: Any) -> Usage | None:
    """Tokens; audio that is billed by its seconds has none."""
    doc = document(value)
    if "input_tokens" not in doc and "output_tokens" not in doc:
        return None
    details = document(doc.get("input_tokens_details"))
    return Usage(count(doc.get("input_tokens")), count(doc.get("output_tokens")), count(details.get("cached_tokens")))


def _pictures(body: Document) -> LlmAnswer:
    made = [*documents(body.get("data")), *([body] if body.get("b64_json") else [])]
    parts = [Part("image", _picture(each), each) for each in made]
    return LlmAnswer(
        messages=(Message("assistant", parts=tuple(parts)),) if parts else (),
        usage=_usage(body.get("usage")),
        error=lenient.error_text(body),
    )


def _picture(doc: Document) -> str:
    size = f"{len(string(doc.get('b64_json')))} characters of base64" if doc.get("b64_json") else ""
    return ": ".join(filter(None, [string(doc.get("url"))[:200] or size, string(doc.get("revised_prompt"))]))


def _transcript(body: Document) -> LlmAnswer:
    words = string(body.get("text"))
    return LlmAnswer(
        messages=(Message("assistant", words),) if "text" in body else (),
        usage=_usage(body.get("usage")),
        error=lenient.error_text(body),
    )


def _plain_transcript(_kind: str, data: bytes) -> LlmAnswer:
    return LlmAnswer(messages=(Message("assistant", data.decode("utf-8", "replace")),))


def _speech(body: Document) -> LlmAnswer:
    """A streamed answer: its sound in base64, in pieces."""
    size = body.get("sound")
    parts = (Part("audio", f"{size} characters of base64"),)
    return LlmAnswer(
        messages=(Message("assistant", parts=parts),) if size else (),
        usage=_usage(body.get("usage")),
        error=lenient.error_text(body),
    )


def _sound(kind: str, data: bytes) -> LlmAnswer:
    return LlmAnswer(messages=(Message("assistant", parts=(Part("audio", f"{kind}, {len(data)} bytes"),)),))


def _assemble(objects: Iterable[Document]) -> Document:
    """Each event is whole but for the words (``delta``) and the sound (``audio``), which come in pieces."""
    whole: Document = {}
    words: list[str] = []
    sound = 0
    for each in objects:
        if not string(each.get("type")).endswith("partial_image"):
            whole |= each
        words.append(string(each.get("delta")))
        sound += len(string(each.get("audio")))
    joined = "".join(words)
    return {**({"text": joined} if joined else {}), **({"sound": sound} if sound else {}), **whole}


def _dialect(name: str, endpoint: str, does: str, read: Any, plain: Any = None) -> Dialect:
    return Dialect(
        name=name,
        provider="openai",
        endpoint=re.compile(endpoint),
        fields=(),
        read_request=_request,
        read_answer=read,
        assemble=_assemble,
        does=does,
        read_plain=plain,
    )


DIALECTS: tuple[Dialect, ...] = (
    _dialect("openai.images", r"/images/(?:generations|edits|variations)$", "image", _pictures),
    _dialect("openai.speech", r"/audio/speech$", "speech", _speech, _sound),
    _dialect(
        "openai.transcription", r"/audio/(?:transcriptions|translations)$", "transcript", _transcript, _plain_transcript
    ),
)
