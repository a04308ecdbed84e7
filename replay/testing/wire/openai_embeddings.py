"""OpenAI embeddings: ``POST /v1/embeddings``. Texts that share words lie close together."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

from replay.testing import tokens
from replay.testing.model.words import stems
from replay.testing.wire.format import must_have

_DIMENSIONS = 32


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """The whole answer; floats as JSON numbers, or base64 of little-endian 32-bit ones if asked."""
    must_have(body, "model", "input")
    texts = [body["input"]] if isinstance(body["input"], str) else [str(text) for text in body["input"]]
    size = body.get("dimensions") or _DIMENSIONS
    vectors = [_vector(text, size) for text in texts]
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
        for index, vector in enumerate(vectors)
    ]
    used = sum(tokens.count(text) for text in texts)
    return {
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def _vector(text: str, size: int) -> list[float]:
    """Each word counts at a place that its hash names; scaled to length 1."""
    sums = [0.0] * size
    for word in stems(text) or {text}:
        sums[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % size] += 1.0
    length = sum(value * value for value in sums) ** 0.5
    return [value / length for value in sums]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
