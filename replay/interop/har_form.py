"""How an entry stood in a HAR file, as far as an event does not say it, and the entry written again.

Most of an entry follows from the exchange: the query, cookies, parameters of a form. What does not is kept as it stood,
as the *form*: ``entry``, ``request``, ``response``, ``postData`` and ``content`` hold the keys beside those that an
exchange says or that say it otherwise, ``without`` the names of those that are missing, ``pseudo`` the names of the
pseudo-headers; ``base64``: the text is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from replay.canon.coding import unpacker
from replay.canon.packed import UNPACKED
from replay.dialects.body import decoded
from replay.events import Answer, Event, Head, Headers, Request, first_header
from replay.interop import har_cookies
from replay.interop.fields import readable_text
from replay.interop.har_text import written
from replay.interop.plain import from_plain, to_plain

MS = 1_000_000

_USUAL = {
    "entry": {"startedDateTime", "time", "cache", "timings"},
    "request": {"httpVersion", "cookies", "queryString", "headersSize", "bodySize"},
    "response": {"httpVersion", "cookies", "content", "redirectURL", "headersSize", "bodySize"},
    "postData": {"params"},
    "content": {"mimeType", "size", "text"},
}
"""What an entry has that is written by the specification."""

_SAID = {
    "entry": {"request", "response"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "postData"},
    "response": {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"},
    "postData": {"text", "params", "encoding", "_encoding"},
    "content": {"text", "size", "encoding"},
}
"""What the exchange says of each object."""

Form = Mapping[str, Any]


def form_of(entry: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """What stands in ``entry``, of which ``event`` was made, beside the exchange."""
    objects = _objects(entry)
    form: dict[str, Any] = {
        name: {str(key): to_plain(item) for key, item in value.items() if key not in _SAID[name]}
        for name, value in objects.items()
    }
    for name, key, value in _otherwise(entry, event):
        form[name][key] = to_plain(value)
    without = {name: sorted(_USUAL[name] - value.keys()) for name, value in objects.items() if name in _USUAL}
    asked = objects["request"].get("headers")
    fields = asked if isinstance(asked, list) else ()
    names = [str(field.get("name")) for field in fields if isinstance(field, dict)]
    more = {
        "pseudo": [name for name in names if name in _PSEUDO],
        "without": {name: keys for name, keys in without.items() if keys},
        "base64": "content" in objects and objects["content"].get("encoding") == "base64",
    }
    return {**form, **{name: value for name, value in more.items() if value}}


def _objects(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    asked, said = entry["request"], entry["response"]
    objects = {"entry": entry, "request": asked, "response": said}
    nested = {"postData": asked.get("postData"), "content": said.get("content")}
    return objects | {name: value for name, value in nested.items() if isinstance(value, dict)}


def _otherwise(entry: Mapping[str, Any], event: Event) -> Iterator[tuple[str, str, Any]]:
    """What the exchange says as well, but in other words than an export would."""
    written = entry_of(event, {}, 0)
    for name, keys in (("request", ("url", "method", "httpVersion")), ("response", ("httpVersion", "redirectURL"))):
        for key in keys:
            if key in entry[name] and entry[name][key] != written[name][key]:
                yield name, key, entry[name][key]
    content = entry["response"].get("content")
    if isinstance(content, dict) and content.get("size") != written["response"]["content"]["size"]:
        yield "content", "size", content.get("size")


def entry_of(event: Event, form: Form, created: int) -> dict[str, Any]:
    """The entry of ``event``, which has an answer with a head; ``created``: ns since the epoch of the run's start."""
    entry = _entry(event, form, created)
    for name, value in _objects(entry).items():
        for key in (form.get("without") or {}).get(name, ()):
            value.pop(key, None)  # type: ignore[attr-defined]
    return entry


def _entry(event: Event, form: Form, created: int) -> dict[str, Any]:
    answer = event.answer
    assert answer is not None and answer.head is not None
    took, wait = [max(0, at - event.at) / MS for at in (answer.end_at, answer.head_at)]
    return {
        "startedDateTime": moment(created + event.at),
        "time": took,
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": max(0.0, took - wait)},
        **_kept(form, "entry"),
        "request": _request(event.request, answer.head, form),
        "response": _response(answer, answer.head, form),
    }


def moment(ns: int) -> str:
    """ns since the epoch as ``2026-01-28T14:27:50.420Z``."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1_000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _kept(form: Form, name: str) -> dict[str, Any]:
    kept = from_plain(form.get(name))
    return kept if isinstance(kept, dict) else {}


def _request(request: Request, head: Head, form: Form) -> dict[str, Any]:
    half = {
        "method": request.action,
        "url": request.target,
        "httpVersion": head.http_version,
        "cookies": har_cookies.sent(request.headers),
        "headers": [*_pseudo(request, form), *_fields(request.headers)],
        "queryString": _pairs(urlsplit(request.target).query),
        "headersSize": -1,
        "bodySize": len(request.body),
        **_kept(form, "request"),
    }
    if request.body or "postData" in form:
        type = first_header(request.headers, "content-type") or ""
        params = _pairs(request.body.decode("latin-1")) if "urlencoded" in type else []
        posted = {"mimeType": type, "params": params, **_kept(form, "postData")}
        half["postData"] = {**posted, **written(request.body, str(posted["mimeType"]), "_encoding")}
    return half


_PSEUDO = (":method", ":authority", ":scheme", ":path")


def _pseudo(request: Request, form: Form) -> list[dict[str, str]]:
    """The pseudo-headers of HTTP/2 that the entry had (RFC 9113, section 8.3.1)."""
    url = urlsplit(request.target)
    path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    values = dict(zip(_PSEUDO, (request.action, url.netloc, url.scheme, path), strict=True))
    return [{"name": name, "value": values[name]} for name in form.get("pseudo") or () if name in values]


def _pairs(query: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)]


def _response(answer: Answer, head: Head, form: Form) -> dict[str, Any]:
    body = _plain(answer.body, first_header(head.headers, "content-encoding"))
    type = first_header(head.headers, "content-type") or "x-unknown"
    content = {"mimeType": type, "size": len(body), **_kept(form, "content")}
    content |= written(body, str(content["mimeType"]), "encoding", as_base64=bool(form.get("base64")))
    return {
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": head.http_version,
        "cookies": har_cookies.set_by(head.headers),
        "headers": _fields(head.headers),
        "content": content,
        "redirectURL": first_header(head.headers, "location") or "",
        "headersSize": -1,
        "bodySize": -1,
        **_kept(form, "response"),
    }


def _plain(body: bytes, coding: str | None) -> bytes:
    """A body without its coding, as the format wants it; as it came where it cannot be unpacked here."""
    if UNPACKED not in body and (not coding or unpacker(coding) is None):
        return body
    return decoded(body, coding).data


def _fields(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": readable_text(value)} for name, value in headers]
