"""HAR files (HTTP Archive 1.1 and 1.2, w3c.github.io/web-performance/specs/HAR) as events.

Browsers, proxies and Polly.JS write them. ``content.text`` is the body without its content coding, so it stands behind
:data:`replay.canon.packed.UNPACKED` here where the head names one. Pseudo-headers of HTTP/2 (``:path``) are no fields
and are left out: method, URL and status say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from replay.errors import CassetteError
from replay.events import Event, Head, Headers, Request
from replay.interop.fields import Unreadable, base64_bytes, coded, sent_url, wire_text
from replay.interop.har_form import form_of
from replay.interop.har_text import encoded
from replay.interop.imported import Imported, Unimported, event
from replay.interop.plain import check_weight, to_plain

MS = 1_000_000
MAX_MS = 10**9
"""Milliseconds of one exchange that are believed: eleven days."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_har(document: Any) -> bool:
    """Whether a loaded file is of this kind."""
    return isinstance(document, dict) and isinstance(document.get("log"), dict) and "entries" in document["log"]


def imported(document: Any) -> Imported:
    """The contents of a loaded file. Raises :class:`CassetteError` when it is no HAR."""
    entries = document["log"]["entries"] if is_har(document) else None
    if not isinstance(entries, list):
        raise CassetteError("it has no list of entries", hint="is it a HAR file?")
    top = {key: value for key, value in document["log"].items() if key != "entries"}
    check_weight(top)
    created = min(filter(None, map(started, entries)), default=0)
    events: list[Event] = []
    unimported: list[Unimported] = []
    forms: dict[int, dict[str, Any]] = {}
    for place, entry in enumerate(entries):
        check_weight(entry)
        try:
            events.append(_event(place, entry, created))
            forms[place] = form_of(entry, events[-1])
        except Unreadable as error:
            unimported.append(Unimported(place, str(error), to_plain(entry)))
    return Imported("har", tuple(events), tuple(unimported), forms, to_plain(top), created)


def started(entry: Any) -> int:
    """``startedDateTime`` in ns since the epoch; 0 when the entry has none that can be read."""
    text = entry.get("startedDateTime") if isinstance(entry, dict) else None
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return 0
    if moment is None:
        return 0
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000


def _event(place: int, entry: Any, created: int) -> Event:
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        raise Unreadable("it has no request")
    asked, said = entry["request"], entry.get("response")
    if not isinstance(said, dict):
        raise Unreadable("it has no response")
    if entry.get("_resourceType") == "websocket" or "_webSocketMessages" in entry:
        raise Unreadable("a WebSocket: its messages are no answer to a request")
    head = _head(said, entry)
    body = coded(_content(said), head.headers)
    headers = _headers(asked)
    request = Request("http", _text(asked, "method").upper(), _url(asked), headers, _posted(asked, headers))
    return event(place, request, head, body, _times(entry, created, place))


def _times(entry: Mapping[str, Any], created: int, place: int) -> tuple[int, int, int]:
    issued = max(0, started(entry) - created) if created else place
    took = _ms(entry.get("time"))
    timings = entry.get("timings")
    receive = _ms(timings.get("receive")) if isinstance(timings, dict) else 0
    return issued, issued + max(0, took - receive), issued + took


def _ms(value: Any) -> int:
    """Milliseconds as ns; a negative number stands for "does not apply"."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value * MS) if is_number and 0 <= value < MAX_MS else 0


def _text(half: Mapping[str, Any], key: str) -> str:
    value = half.get(key)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"its request has no {key}")
    return value


def _url(asked: Mapping[str, Any]) -> str:
    url = _text(asked, "url")
    if not url.lower().startswith(("http://", "https://")):
        raise Unreadable(f"its address is no URL of HTTP ({url[:40]})")
    return sent_url(url)


def _headers(half: Mapping[str, Any]) -> Headers:
    """Chrome joins the values of a repeated field by line breaks."""
    fields: list[tuple[str, str]] = []
    for field in _list(half, "headers"):
        if isinstance(field, dict) and isinstance(field.get("name"), str) and not field["name"].startswith(":"):
            values = str(field.get("value", "")).split("\n")
            fields += [(wire_text(field["name"]), wire_text(value)) for value in values]
    return tuple(fields)


def _list(half: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = half.get(key)
    return value if isinstance(value, list) else ()


def _head(said: Mapping[str, Any], entry: Mapping[str, Any]) -> Head:
    status = said.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
        said_why = [half.get(key) for half in (said, entry) for key in ("_error", "_failureText")]
        why = str(next(filter(None, said_why), ""))
        raise Unreadable(f"no answer came{': ' + why if why else ''}")
    version = str(said.get("httpVersion") or "HTTP/1.1").upper().replace("H2", "HTTP/2").replace("H3", "HTTP/3")
    reason = " ".join(str(said.get("statusText") or "").splitlines())
    return Head(status, reason, version if version.startswith("HTTP/") else "HTTP/1.1", _headers(said))


def _content(said: Mapping[str, Any]) -> bytes:
    content = said.get("content")
    if not isinstance(content, dict):
        return b""
    text = content.get("text")
    if isinstance(text, str):
        if content.get("encoding") == "base64":
            return base64_bytes(text)
        return encoded(text, str(content.get("mimeType", "")))
    size = content.get("size")
    if "_file" in content:
        raise Unreadable("its body lies in another file")
    if isinstance(size, int) and size > 0 and said.get("status") not in (204, 304):
        raise Unreadable(f"its body of {size} bytes is not in the file")
    return b""


def _posted(asked: Mapping[str, Any], headers: Headers) -> bytes:
    data = asked.get("postData")
    if not isinstance(data, dict):
        return b""
    text = data.get("text")
    if isinstance(text, str) and text:
        if data.get("encoding") == "base64" or data.get("_encoding") == "base64":
            return base64_bytes(text)
        return encoded(text, str(data.get("mimeType", "")))
    params = [each for each in _list(data, "params") if isinstance(each, dict)]
    if params and "multipart" in str(data.get("mimeType", "")):
        raise Unreadable("its multipart body is not in the file, only the names of its parts")
    return urlencode([(str(each.get("name", "")), str(each.get("value", ""))) for each in params]).encode()
