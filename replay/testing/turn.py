"""What a request to a model means, whatever wire format it came in, and what the model decided to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


class BadRequest(Exception):
    """A request that the real service would refuse with 400."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer; ``parameters`` is its JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: dict[str, Any]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``calls`` belong to an assistant; ``call_id`` says which call a tool's ``text`` answers."""

    role: Role
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A whole request. ``schema`` is the JSON schema that the answer must meet, or None for prose.

    ``steady``: the caller asked for the same words each time (temperature 0, or a seed of its own).
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Any] | None = None
    must_call: bool = False
    max_tokens: int | None = None
    steady: bool = False
    stream: bool = False
    include_usage: bool = False
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def system(self) -> str:
        return "\n".join(message.text for message in self.messages if message.role == "system")

    @property
    def latest(self) -> tuple[Message, ...]:
        """The last user message and everything after it."""
        starts = [i for i, message in enumerate(self.messages) if message.role == "user"]
        return self.messages[starts[-1] :] if starts else ()


@dataclass(frozen=True, slots=True)
class Turn:
    """The model's answer. ``cut``: ``max_tokens`` ended it."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    cut: bool = False
