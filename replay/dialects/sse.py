"""Server-sent events, as the WHATWG HTML standard parses them (section 9.2.6, "Interpreting an event stream")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One dispatched event. ``name`` is ``message`` unless the stream said otherwise; data lines are joined by LF."""

    data: str
    name: str = "message"
    id: str = ""


def server_events(stream: bytes) -> Iterator[ServerEvent]:
    """The events of a whole stream. An event whose closing blank line never came is dropped, as the standard says."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    last_id = ""
    *blocks, _unfinished = text.split("\n\n")
    for block in blocks:
        data, fields = _fields(block)
        last_id = fields.get("id", last_id)
        if data:
            yield ServerEvent("\n".join(data), fields.get("event") or "message", last_id)


def _fields(block: str) -> tuple[list[str], dict[str, str]]:
    """The data lines and the other fields between two blank lines; comments and unknown fields fall away."""
    data: list[str] = []
    fields: dict[str, str] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event" or (name == "id" and "\0" not in value):
            fields[name] = value
    return data, fields
