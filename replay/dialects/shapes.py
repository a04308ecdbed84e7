"""How each wire format writes what a swap changes: a message, a tool's definition, the model's name, a parameter.

The counterpart of the dialects, which read. Adding a format is one entry here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from replay.dialects.lenient import Document
from replay.dialects.model import ToolDefinition


@dataclass(frozen=True, slots=True)
class Shape:
    """* ``messages``: the key of the list of messages. ``system``: the key that holds the system prompt, empty when
      that is a message. ``settings``: the key of the object that parameters lie in, empty for the body itself.
    * ``message``: (role, text) -> a message of the list; ``tool``: a tool's definition as an item of ``tools``.
    * ``schema``: the key of a definition's JSON schema. ``endpoint``: the end of the URL's path that is the API's own,
      the rest being a base URL. ``model_in_url``: the path names the model, not the body.
    """

    messages: str
    system: str
    settings: str
    message: Callable[[str, str], Document]
    tool: Callable[[ToolDefinition], Document]
    schema: str
    endpoint: re.Pattern[str]
    model_in_url: bool = False


def _described(tool: ToolDefinition, schema: str) -> Document:
    described: Document = {"name": tool.name}
    if tool.description:
        described["description"] = tool.description
    return {**described, schema: tool.parameters or {"type": "object", "properties": {}}}


def _gemini_message(role: str, text: str) -> Document:
    return {"role": {"assistant": "model"}.get(role, "user"), "parts": [{"text": text}]}


def _plain_message(role: str, text: str) -> Document:
    return {"role": role, "content": text}


def _of_end(end: str) -> re.Pattern[str]:
    return re.compile(rf"{end}/?$")


def _function(tool: ToolDefinition) -> Document:
    return {"type": "function", "function": _described(tool, "parameters")}


SHAPES: dict[str, Shape] = {
    "openai.chat": Shape("messages", "", "", _plain_message, _function, "parameters", _of_end("/chat/completions")),
    "cohere": Shape("messages", "", "", _plain_message, _function, "parameters", _of_end("/v2/chat")),
    "ollama.chat": Shape("messages", "", "options", _plain_message, _function, "parameters", _of_end("/api/chat")),
    "openai.responses": Shape(
        "input",
        "instructions",
        "",
        _plain_message,
        lambda tool: {"type": "function", **_described(tool, "parameters")},
        "parameters",
        _of_end("/responses"),
    ),
    "anthropic": Shape(
        "messages",
        "system",
        "",
        _plain_message,
        lambda tool: _described(tool, "input_schema"),
        "input_schema",
        _of_end("/v1/messages"),
    ),
    "gemini": Shape(
        "contents",
        "systemInstruction",
        "generationConfig",
        _gemini_message,
        lambda tool: {"functionDeclarations": [_described(tool, "parameters")]},
        "parameters",
        re.compile(r"/v1(?:beta\d*|alpha)?/(?:[^?]*/)?models/[^/?]+$"),
        model_in_url=True,
    ),
}
"""By the dialect's name. Not Bedrock: its requests are signed, so a changed one would be refused."""


def system_value(shape: Shape, text: str) -> Any:
    """``text`` as the value of the key ``shape.system``."""
    return {"parts": [{"text": text}]} if shape.system == "systemInstruction" else text
