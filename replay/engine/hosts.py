"""Which hosts are no part of a run: telemetry, and what the user lets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import urlsplit

from replay.events import Answer, Chunk, End, Head

TELEMETRY = (
    "api.smith.langchain.com/*",
    "*.api.smith.langchain.com/*",
    "api.openai.com/v1/traces/*",
    "*.posthog.com/*",
    "*.ingest.sentry.io/*",
    "*.sentry.io/api/*",
    "cloud.langfuse.com/*",
    "*.cloud.langfuse.com/*",
    "logfire-*.pydantic.dev/*",
    "*/v1/traces",
    "*/v1/metrics",
    "*/v1/logs",
)
"""``host/path`` patterns. The last three are the OTLP/HTTP paths (OpenTelemetry protocol specification 1.x)."""

ACCEPTED = Answer(
    head=Head(202, "Accepted", headers=(("content-type", "application/json"),)),
    chunks=(Chunk(b"{}"),),
    end=End(),
)
"""What telemetry hears during a replay, where it is not sent."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The host rules of one session. Patterns are shell patterns over ``host`` or ``host:port``."""

    allowed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether calls to ``url`` are made for real and are no part of the run."""
        return bool(self.allowed) and matches_host(url, self.allowed)

    def ignores(self, url: str) -> bool:
        """Whether ``url`` is telemetry: counted, neither recorded nor sent on replay."""
        return is_telemetry(url) or (bool(self.ignored) and matches_host(url, self.ignored))


def matches_host(url: str, patterns: Sequence[str]) -> bool:
    """Whether the host of ``url``, with or without its port, matches one of ``patterns``."""
    parts = urlsplit(url)
    names = (parts.hostname or "", parts.netloc.rpartition("@")[2].lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)


@lru_cache(maxsize=1024)
def is_telemetry(url: str) -> bool:
    parts = urlsplit(url)
    place = f"{parts.hostname or ''}{parts.path or '/'}"
    return any(fnmatchcase(place, pattern) for pattern in TELEMETRY)
