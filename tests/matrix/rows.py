"""The compatibility matrix: what is tried, with what, and in which environment.

A row is an SDK, a framework or a client; a column is a way to use it. What a cell runs is in ``tests/sdk/*_agents.py``,
one file for each row, as lists of programs by column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

COLUMNS = ("sync", "async", "streamed", "tools")
"""``tools``: a loop in which the model calls tools whose bodies do not run on replay. A program of another column that
is such a loop counts there as well."""


@dataclass(frozen=True, slots=True)
class Row:
    """* ``programs``: ``module:attribute`` under ``tests.sdk``, each a dict of lists of programs by column.
    * ``distributions``: whose versions are shown; none for the standard library.
    * ``environment``: a name of :data:`tests.matrix.environments.ENVIRONMENTS`.
    * ``lacks``: the columns that the upstream does not offer.
    * ``warm``: the library begins threads or keeps answers once in a process, so each program runs once beforehand: as
      recording and replay share a process here, the replay would else be of another program.
    """

    name: str
    programs: tuple[str, ...]
    distributions: tuple[str, ...]
    environment: str = "dev"
    lacks: tuple[str, ...] = ()
    warm: bool = False

    def load(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Each program with its column; imports the library."""
        for source in self.programs:
            module, _, attribute = source.partition(":")
            by_column = getattr(import_module(f"tests.sdk.{module}"), attribute)
            yield from ((column, program) for column, programs in by_column.items() for program in programs)


ROWS = (
    Row("OpenAI", ("openai_agents:AGENTS",), ("openai",)),
    Row("OpenAI 2", ("openai_agents:AGENTS",), ("openai",), "openai2"),
    Row("Anthropic", ("anthropic_agents:AGENTS",), ("anthropic",)),
    Row("Google GenAI", ("google_agents:AGENTS",), ("google-genai",)),
    Row("Mistral", ("mistral_agents:AGENTS",), ("mistralai",)),
    Row("LiteLLM", ("litellm_agents:AGENTS",), ("litellm",), "litellm", warm=True),
    Row("Bedrock", ("bedrock_agents:AGENTS",), ("boto3",), lacks=("async",)),
    Row("Ollama", ("ollama_agents:AGENTS",), ("ollama",)),
    Row("LangChain", ("langchain_loops:AGENTS",), ("langchain", "langchain-openai")),
    Row("LangGraph", ("langgraph_loops:AGENTS", "langchain_agents:AGENTS"), ("langgraph", "langchain-core")),
    Row("pydantic-ai", ("pydantic_ai_loops:AGENTS",), ("pydantic-ai-slim",)),
    Row("openai-agents", ("openai_agents_loops:AGENTS",), ("openai-agents",)),
    Row("smolagents", ("smolagents_loops:AGENTS",), ("smolagents",), lacks=("async",)),
    Row("CrewAI", ("crewai_loops:AGENTS",), ("crewai",), "crewai", warm=True),
    Row("MCP over stdio", ("mcp_loops:STDIO",), ("mcp",), lacks=("sync", "streamed")),
    Row("MCP over SSE", ("mcp_loops:SSE",), ("mcp",), lacks=("sync", "streamed")),
    Row("MCP over streamable HTTP", ("mcp_loops:STREAMABLE_HTTP",), ("mcp",), lacks=("sync", "streamed")),
    Row("httpx", ("httpx_agents:HTTPX",), ("httpx",), lacks=("tools",)),
    Row("httpx2", ("httpx_agents:HTTPX2",), ("httpx2",), lacks=("tools",)),
    Row("requests", ("requests_agents:REQUESTS",), ("requests",), lacks=("async", "tools")),
    Row("aiohttp", ("aiohttp_agents:AGENTS",), ("aiohttp",), lacks=("sync", "tools")),
    Row("urllib3", ("requests_agents:URLLIB3",), ("urllib3",), lacks=("async", "tools")),
    Row("urllib.request", ("requests_agents:URLLIB",), (), lacks=("async", "tools")),
)
