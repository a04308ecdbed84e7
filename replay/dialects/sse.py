"""Server-sent events, as the WHATWG HTML standard parses them (section 9.2.6, "Interpreting an event stream")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_TAIL = 1 << 16
"""Bytes at the end of a stream among which its last blank line is looked for first."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One dispatched event. ``name`` is ``message`` unless the stream said otherwise; data lines are joined by LF."""

    data: str
    name: str = "message"
    id: str = ""


def server_events(stream: bytes) -> Iterator[ServerEvent]:
    """The events of a whole stream. An event whose closing blank line never came is dropped, as the standard says."""
    last_id = ""
    *blocks, _unfinished = _text(stream).split("\n\n")
    for block in blocks:
        data, fields = _fields(block)
        last_id = fields.get("id", last_id)
        if data:
            yield ServerEvent("\n".join(data), fields.get("event") or "message", last_id)


def unfinished(stream: bytes) -> str:
    """The data of the event that :func:`server_events` drops, as far as it came; empty when there is none."""
    tail = stream[-_TAIL:] if len(stream) > _TAIL else stream
    text = _text(tail if b"\n\n" in tail or b"\r\n\r\n" in tail else stream)
    return "\n".join(_fields(text.rpartition("\n\n")[2].lstrip("\n"))[0]).strip()


def _text(stream: bytes) -> str:
    """The stream with one kind of line end."""
    return stream.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


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
