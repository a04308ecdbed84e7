"""What an exchange with a language model means, whatever its wire format.

Tool-call arguments are kept as text: JSON as the model wrote it, which may be broken. Where a wire format sends a JSON
object instead of text, the text is that object printed compactly, so that a streamed answer and a plain one are equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message's content.

    ``kind``: ``text``, ``thinking``, ``refusal``, or what the wire calls it (``image_url``, ``web_search_call``).
    ``text``: the words, or for media a short description. ``data``: the piece as sent, None for plain words.
    """

    kind: str
    text: str = ""
    data: Any = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks the program to make. ``id`` is empty in formats that match by name."""

    id: str
    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool offered to the model. ``parameters``: its JSON schema. ``kind``: ``function``, or that of a built-in."""

    name: str
    description: str = ""
    parameters: Any = None
    kind: str = "function"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``role``: ``system``, ``user``, ``assistant``, ``tool``, or as sent.

    ``text``: all its words joined. ``parts``: all its content in order, empty when there are only words.
    ``tool_call_id`` and ``name`` say which call a ``tool`` message answers; ``error``: it says that the call failed.
    ``path``: where it lies in the request body (``messages[3].content[0]``); no part of equality.
    """

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""
    parts: tuple[Part, ...] = ()
    error: bool = False
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. ``input`` includes ``cached`` (read from a cache) and ``cache_written``, ``output`` ``reasoning``."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    cache_written: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.cache_written + other.cache_written,
        )


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """What the program asked the model. ``params``: every other top-level field of the body, as sent."""

    model: str = ""
    messages: tuple[Message, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    stream: bool = False


@dataclass(frozen=True, slots=True)
class LlmAnswer:
    """What the model said: one message per choice, as far as it came.

    ``finish_reason``: the wire's own word, empty while unfinished. ``error``: what the provider reported.
    ``note``: why something could not be read (an unknown compression, a body cut short).
    ``usage``: None when the provider sent none.
    """

    model: str = ""
    messages: tuple[Message, ...] = ()
    usage: Usage | None = None
    finish_reason: str = ""
    error: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The words of the first choice."""
        return self.messages[0].text if self.messages else ""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of all choices."""
        return tuple([call for message in self.messages for call in message.tool_calls])


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool's result as a request carries it. ``recent``: nothing the model said comes after it."""

    id: str
    name: str
    text: str
    error: bool = False
    recent: bool = True


def message(role: str, parts: Iterable[Part], **rest: Any) -> Message:
    """A message made of ``parts``: neighbours that are plain words are joined, empty ones dropped."""
    joined: list[Part] = []
    for part in parts:
        if part.data is None and not part.text:
            continue
        if joined and part.data is None and joined[-1].data is None and joined[-1].kind == part.kind:
            joined[-1] = Part(part.kind, joined[-1].text + part.text)
        else:
            joined.append(part)
    text = "".join([part.text for part in joined if part.kind == "text"])
    only_words = all(part.kind == "text" for part in joined)
    return Message(role, text, parts=() if only_words else tuple(joined), **rest)
