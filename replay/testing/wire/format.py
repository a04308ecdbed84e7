"""The shape of one provider's wire format: an entry of the table in :mod:`replay.testing.wire`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from replay.testing.turn import BadRequest, Prompt, Turn
from replay.testing.wire.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Wire:
    """* ``read(body, path)``: the request as a :class:`Prompt`; raises :class:`BadRequest`.
    * ``whole(prompt, turn, stamp)``: the answer as one JSON object.
    * ``stream(prompt, turn, stamp)``: the answer in the pieces it is streamed in: server-sent events, each with its
      blank line, unless ``media`` says otherwise.
    * ``error(status, message)``: the provider's error object.
    * ``call_id``: how its ids of tool calls begin.
    * ``media``: the content type of a stream.
    """

    name: str
    read: Callable[[dict[str, Any], str], Prompt]
    whole: Callable[[Prompt, Turn, Stamp], dict[str, Any]]
    stream: Callable[[Prompt, Turn, Stamp], Iterator[bytes]]
    error: Callable[[int, str], dict[str, Any]]
    call_id: str
    media: str = "text/event-stream; charset=utf-8"


def sse(data: Any, event: str = "", newline: str = "\n") -> bytes:
    """One server-sent event (WHATWG HTML, "Server-sent events"); ``data`` is text or becomes compact JSON."""
    text = data if isinstance(data, str) else compact(data)
    lines = ([f"event: {event}"] if event else []) + [f"data: {text}", "", ""]
    return newline.join(lines).encode()


def compact(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def must_have(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if name not in body:
            raise BadRequest(f"Missing required parameter: '{name}'.")


def steady(options: dict[str, Any]) -> bool:
    return options.get("temperature") == 0 or options.get("seed") is not None


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts of which those with ``text`` count."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)


def object_of(text: str) -> dict[str, Any]:
    """The arguments of a call as a client sends them back; text that is no JSON object means no arguments."""
    try:
        data = json.loads(text or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
