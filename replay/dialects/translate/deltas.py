"""What happens in a streamed answer, in no provider's words."""

from __future__ import annotations

from dataclasses import dataclass

from replay.dialects.model import Usage


@dataclass(frozen=True, slots=True)
class Begin:
    """The answer begins; ``id`` is the provider's."""

    id: str
    model: str


@dataclass(frozen=True, slots=True)
class Words:
    """More of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class CallBegins:
    """A tool call begins; ``number`` counts the calls of this answer from 0."""

    number: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallWords:
    """More of a call's arguments, which are JSON as text."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The model has ended. ``reason``: ``stop``, ``length``, ``tool_calls`` or ``content_filter``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Used:
    usage: Usage


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider gives up amid the answer."""

    kind: str
    message: str


Delta = Begin | Words | CallBegins | CallWords | Done | Used | Failed
