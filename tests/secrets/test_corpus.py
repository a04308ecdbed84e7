"""Nothing but secrets is touched, in traffic of real providers that other projects recorded (REPLAY_CORPUS).

Where those recordings are absent, generated traffic alone is looked at: there is no test then whose name says share.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from replay.canon.redact import Redactor
from replay.dialects.body import decoded
from replay.events import Request

CORPUS = Path(os.environ.get("REPLAY_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILES = sorted([*CORPUS.rglob("*.yaml"), *CORPUS.rglob("*.har")])
SHARES = 8

SECRET = re.compile(
    rb"eyJ[\w-]+\.[\w-]+|A[KS]IA[A-Z0-9]{16}|IQoJb3JpZ2lu[\w%+/]+|[0-9a-f]{64}|[\w%+/-]{43,48}(?:%3D)?|phc_\w+"
)
"""What in the corpus is secret: tokens of a cloud's identity service, keys and signatures of signed addresses."""


def bodies(file: Path) -> Iterator[bytes]:
    if file.suffix == ".har":
        for entry in json.loads(file.read_bytes())["log"]["entries"]:
            yield (entry["request"].get("postData") or {}).get("text", "").encode()
            yield (entry["response"]["content"].get("text") or "").encode()
        return
    for each in (yaml.load(file.read_bytes(), LOADER) or {}).get("interactions") or []:
        body = each["request"]["body"]
        yield (
            body
            if isinstance(body, bytes)
            else json.dumps(body).encode()
            if isinstance(body, dict)
            else (body or "").encode()
        )
        said = (each["response"].get("body") or {}).get("string") or b""
        coding = "".join((each["response"]["headers"] or {}).get("content-encoding", []))
        yield decoded(said if isinstance(said, bytes) else said.encode(), coding).data


def generated() -> Iterator[bytes]:
    """Numbers, dates, ids and words of many kinds, also under names that sound like a secret's."""
    throw = random.Random(4)
    names = (
        "created",
        "max_tokens",
        "token_type",
        "next_page_token",
        "password_hint",
        "key",
        "id",
        "session",
        "api",
    )
    for _ in range(500):
        values: list[object] = [
            throw.randrange(10**18), throw.random(), "2026-01-02T03:04:05Z", "+49 151 23456789",
            f"call_{throw.randbytes(12).hex()}",
            f"{throw.randbytes(4).hex()}-1b45-4c52-9455-1fa2ca81b7ed", "Hello", "the password: ask for it", None, True,
        ]  # fmt: skip
        throw.shuffle(values)
        yield json.dumps(
            {"n": dict(zip(names, values, strict=False)), "text": "say the passphrase:", "type": "x"}
        ).encode()


def damage(body: bytes) -> list[bytes]:
    """What was replaced in ``body`` that is no secret."""
    redactor = Redactor({})
    redacted = redactor.request(Request("http", "POST", "https://h/", (), body)).body
    found = {name.decode() for name in re.findall(rb"<secret:[a-z-]+:[0-9]+>", redacted)}
    secrets = [redactor.placeholders.secret(name) or b"" for name in found]
    if redacted != body and not found:
        return [redacted]
    return [secret for secret in secrets if not SECRET.fullmatch(secret[:4000]) and not SECRET.match(secret)]


def test_generated_traffic_is_not_touched():
    assert [found for body in generated() for found in damage(body)] == []


@pytest.mark.parametrize("share", range(SHARES) if FILES else [], ids=lambda share: f"share-{share + 1}")
def test_recordings_of_real_providers_lose_nothing_but_secrets(share):
    looked_at = 0
    for file in FILES[share::SHARES]:
        for body in bodies(file):
            looked_at += len(body)
            assert damage(body) == [], file
    assert looked_at > 1_000_000


def test_json_stays_json_and_keeps_its_types():
    body = b'{"password": "tr0ub4dor", "pin": 12345678, "token": null, "secret": true, "api_key": ["a"]}'
    redacted = json.loads(Redactor({"PIN_KEY": "12345678"}).bytes(body))
    assert redacted == {
        "password": "<secret:password:1>",
        "pin": 12345678,
        "token": None,
        "secret": True,
        "api_key": ["a"],
    }
