"""An answer's body as JSON objects, whatever frames they came in: one object, a JSON array, lines of JSON, server-sent
events, or an AWS event stream. Of a body that breaks off, all that came whole, and the fact that it did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from replay.canon.weight import LIGHT, is_heavy
from replay.dialects import eventstream, lenient
from replay.dialects.lenient import Document
from replay.dialects.sse import ServerEvent, server_events, unfinished

_EVENT_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_DONE = "[DONE]"
_LINES = re.compile("ndjson|jsonl|stream.json|json-seq|json-lines", re.IGNORECASE)
"""Content types of newline-delimited JSON; Cohere's is ``application/stream+json``."""

CUT = "the stream is cut short within an event"


@dataclass(frozen=True, slots=True)
class Framed:
    """``objects``: in order, to be gone through once. ``streamed``: they are pieces of an answer; else there is at most
    one, the answer. ``problem``: why they are not all, or empty. ``ended``: the frames themselves say that they are.
    """

    objects: Iterable[Document]
    streamed: bool
    problem: str = ""
    ended: bool = False


def framed(data: bytes, content_type: str = "") -> Framed:
    """The objects of ``data``, told by how it begins: content types are often wrong. Never raises.

    One line of JSON alone may be all that came of many: only there the type decides.
    """
    if eventstream.is_eventstream(data):
        read = eventstream.messages(data)
        return Framed(read.objects, True, read.problem)
    text = data.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_EVENT_FIELDS):
        return _server_events(text)
    if text.startswith(b"["):
        return _array(text)
    if text.startswith(b"{"):
        return _one_or_lines(text, of_lines=bool(_LINES.search(content_type)))
    return Framed([], False)


def _server_events(data: bytes) -> Framed:
    objects = (_of_event(event) for event in server_events(data) if event.data.strip() != _DONE)
    rest = unfinished(data)
    ended = data.rstrip().endswith(_DONE.encode())
    return Framed(objects, True, CUT if rest and not ended else "", ended)


def _of_event(event: ServerEvent) -> Document:
    """The object that an event carries; of any other data, the event's name and the words."""
    value = lenient.parse(event.data)
    return value if isinstance(value, dict) else {"event": event.name, "data": event.data}


def _one_or_lines(data: bytes, *, of_lines: bool) -> Framed:
    """One object; or, one on each line (newline-delimited JSON)."""
    value = lenient.parse(data)
    if isinstance(value, dict):
        return Framed([value], of_lines)
    first, _, rest = data.rstrip().partition(b"\n")
    if not rest or not isinstance(lenient.parse(first), dict):
        return Framed([], False, f"the JSON breaks off or is broken within its {len(data)} bytes")
    is_whole = isinstance(lenient.parse(rest.rpartition(b"\n")[2]), dict)
    return Framed(_lines(data), True, "" if is_whole else CUT)


def _lines(data: bytes) -> Iterator[Document]:
    values = (lenient.parse(line) for line in data.split(b"\n") if line.strip())
    return (value for value in values if isinstance(value, dict))


def _array(data: bytes) -> Framed:
    """The objects of a JSON array; of one that breaks off, those that came whole."""
    whole = lenient.parse(data)
    if whole is not None:
        objects = lenient.documents(whole)
        is_stream = len(objects) == len(lenient.items(whole))  # an array of anything else, of vectors, is none
        return Framed(objects, True, ended=True) if is_stream else Framed([], False)
    if len(data) >= LIGHT and is_heavy(data):
        return Framed([], True, "the JSON would take too much memory to read")
    return Framed(list(_whole_items(data.decode("utf-8", "replace"))), True, CUT)


def _whole_items(text: str) -> Iterator[Document]:
    decoder, position = json.JSONDecoder(), 1
    while (start := text.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield value
