"""Secrets of real shapes, made anew for each test run from parts, so that no scanner trips on this file."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Planted:
    """``core`` must be found nowhere; ``text`` is how the secret is written where there is no other context."""

    kind: str
    core: str
    text: str


class Seeds:
    """Random strings, the same in every run of the tests."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, size: int, alphabet: str = ALNUM) -> str:
        # A digit among them: by it a key is told from a word.
        return "".join(self._random.choices(alphabet, k=size - 2)) + "7q"


def _prefixed(kind: str, prefix: str, size: int, alphabet: str = ALNUM) -> Callable[[Seeds], Planted]:
    def make(seeds: Seeds) -> Planted:
        value = prefix + seeds.of(size, alphabet)
        return Planted(kind, value[len(prefix) :], value)

    return make


def _named(kind: str, write: str, size: int = 18) -> Callable[[Seeds], Planted]:
    def make(seeds: Seeds) -> Planted:
        core = seeds.of(size)
        return Planted(kind, core, write.replace("§", core))

    return make


def _aws_id(seeds: Seeds) -> Planted:
    core = seeds.of(18, string.ascii_uppercase + "234567")[:16].upper()
    return Planted("aws-key", core, "AK" + "IA" + core)


def _google(seeds: Seeds) -> Planted:
    core = seeds.of(35)
    return Planted("google-key", core, "AI" + "za" + core)


def _jwt(seeds: Seeds) -> Planted:
    def part(data: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    core = seeds.of(43)
    return Planted("jwt", core, f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': seeds.of(12)})}.{core}")


def _private_key(seeds: Seeds) -> Planted:
    core = seeds.of(64)
    lines = "\n".join([seeds.of(64), core, seeds.of(64)])
    return Planted(
        "private-key", core, f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{lines}\n-----END RSA {'PRIVATE'} KEY-----"
    )


def _basic(seeds: Seeds) -> Planted:
    core = base64.b64encode(f"user:{seeds.of(18)}".encode()).decode()
    return Planted("basic", core, f"Authorization: {'Ba' + 'sic'} {core}")


KINDS: tuple[Callable[[Seeds], Planted], ...] = (
    _prefixed("openai-project", "sk-" + "proj-", 48),
    _prefixed("openai", "sk" + "-", 48),
    _prefixed("anthropic", "sk-" + "ant-api03-", 80),
    _google,
    _prefixed("google-token", "ya" + "29.a0", 60),
    _aws_id,
    _named("aws-secret", "aws_secret_access_key = §", 40),
    _prefixed("github", "gh" + "p_", 36),
    _prefixed("github-fine", "github" + "_pat_", 60),
    _prefixed("gitlab", "gl" + "pat-", 20),
    _prefixed("slack", "xo" + "xb-1234567890-", 24),
    _named("slack-hook", "https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/§", 24),
    _prefixed("stripe", "sk_" + "live_", 24),
    _prefixed("huggingface", "hf" + "_", 34),
    _prefixed("groq", "gs" + "k_", 52),
    _prefixed("sendgrid", "SG" + "." + "a1B2c3D4e5F6g7H8i9J0k1.", 43),
    _jwt,
    _private_key,
    _basic,
    _named("bearer", "Authorization: Bearer §", 40),
    _named("cookie", "Cookie: sid=§; theme=dark", 32),
    _named("postgres", "postgresql://app:§@db.internal:5432/app"),
    _named("mongodb", "mongodb+srv://app:§@cluster0.mongodb.net/?retryWrites=true"),
    _named("azure", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§==;EndpointSuffix=core.windows.net", 86),
    _named("mail-password", "login(user='a@example.com', password='§')"),
)
