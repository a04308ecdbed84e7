"""The compatibility matrix: what is tried, with what, and in which environment.

A row is an SDK, a framework or a client; a column is a way to use it. What a cell runs is in ``tests/sdk/*_agents.py``,
one file for each row, as lists of programs by column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

COLUMNS = ("sync", "async", "streamed", "tools")
"""``tools``: a loop in which the model calls tools whose bodies do not run on replay."""


@dataclass(frozen=True, slots=True)
class Row:
    """* ``programs``: ``module:attribute`` under ``tests.sdk``, a dict of lists of programs by column.
    * ``distributions``: whose versions are shown; none for the standard library.
    * ``environment``: a name of :data:`tests.matrix.environments.ENVIRONMENTS`.
    * ``lacks``: the columns that the upstream does not offer.
    """

    name: str
    programs: str
    distributions: tuple[str, ...]
    environment: str = "dev"
    lacks: tuple[str, ...] = ()

    def load(self) -> dict[str, list[Callable[..., Any]]]:
        """The programs by column; imports the library."""
        module, _, attribute = self.programs.partition(":")
        found: dict[str, list[Callable[..., Any]]] = getattr(import_module(f"tests.sdk.{module}"), attribute)
        return found


ROWS = (
    Row("OpenAI", "openai_agents:AGENTS", ("openai",)),
    Row("OpenAI 2", "openai_agents:AGENTS", ("openai",), "openai2"),
    Row("Anthropic", "anthropic_agents:AGENTS", ("anthropic",)),
    Row("Google GenAI", "google_agents:AGENTS", ("google-genai",)),
    Row("Mistral", "mistral_agents:AGENTS", ("mistralai",)),
    Row("LiteLLM", "litellm_agents:AGENTS", ("litellm",), "litellm"),
    Row("Bedrock", "bedrock_agents:AGENTS", ("boto3",), lacks=("async",)),
    Row("Ollama", "ollama_agents:AGENTS", ("ollama",)),
    Row("LangGraph", "langchain_agents:AGENTS", ("langgraph", "langchain-openai"), lacks=("tools",)),
    Row("httpx", "httpx_agents:HTTPX", ("httpx",), lacks=("tools",)),
    Row("httpx2", "httpx_agents:HTTPX2", ("httpx2",), lacks=("tools",)),
    Row("requests", "requests_agents:REQUESTS", ("requests",), lacks=("async", "tools")),
    Row("aiohttp", "aiohttp_agents:AGENTS", ("aiohttp",), lacks=("sync", "tools")),
    Row("urllib3", "requests_agents:URLLIB3", ("urllib3",), lacks=("async", "tools")),
    Row("urllib.request", "requests_agents:URLLIB", (), lacks=("async", "tools")),
)
