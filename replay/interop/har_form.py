"""How an entry stood in a HAR file, as far as an event does not say it, and the entry written again.

Most of an entry follows from the exchange: query and cookies, sizes, and times. What does not is kept as it stood, as
the *form*: ``entry``, ``request``, ``response``, ``postData`` and ``content`` hold the keys beside those that an
exchange says, ``mime`` the two media types where no header gives them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from replay.canon.coding import unpacker
from replay.canon.packed import UNPACKED
from replay.dialects.body import decoded
from replay.events import Answer, Event, Head, Headers, Request, first_header
from replay.interop.fields import readable_text
from replay.interop.plain import from_plain, to_plain

MS = 1_000_000

_SAID = {
    "entry": {"request", "response"},
    "request": {"method", "url", "httpVersion", "headers", "queryString", "postData"},
    "response": {"status", "statusText", "headers", "content", "httpVersion"},
    "postData": {"text", "encoding", "_encoding"},
    "content": {"text", "size", "encoding"},
}
"""What the exchange says of each object."""

_SIZES = frozenset({"headersSize", "bodySize"})

Form = Mapping[str, Any]


def form_of(entry: Mapping[str, Any], event: Event, created: int) -> dict[str, Any]:
    """What stood in ``entry`` beside the exchange ``event``."""
    asked, said = entry["request"], entry["response"]
    objects = {
        "entry": entry,
        "request": asked,
        "response": said,
        "postData": asked.get("postData"),
        "content": said.get("content"),
    }
    form: dict[str, Any] = {}
    for name, value in objects.items():
        if isinstance(value, dict):
            form[name] = {str(key): to_plain(item) for key, item in value.items() if key not in _SAID[name]}
    if any(
        str(field.get("name", "")).startswith(":") for field in asked.get("headers") or () if isinstance(field, dict)
    ):
        form["pseudo"] = [field for field in asked["headers"] if str(field.get("name", "")).startswith(":")]
    form["version"] = asked.get("httpVersion")
    return form


def entry_of(event: Event, form: Form, created: int) -> dict[str, Any]:
    """The entry of ``event``, which has an answer with a head; ``created``: ns since the epoch of the run's start."""
    answer = event.answer
    assert answer is not None and answer.head is not None
    took = max(0, answer.end_at - event.at) / MS
    wait = max(0, answer.head_at - event.at) / MS
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
        "httpVersion": form.get("version") or head.http_version,
        "cookies": _cookies(request.headers, "cookie"),
        "headers": [*(form.get("pseudo") or ()), *_fields(request.headers)],
        "queryString": [{"name": n, "value": v} for n, v in parse_qsl(urlsplit(request.target).query, True)],
        "headersSize": -1,
        "bodySize": len(request.body),
        **_kept(form, "request"),
    }
    if request.body or "postData" in form:
        type = first_header(request.headers, "content-type") or ""
        half["postData"] = {"mimeType": type, **_kept(form, "postData"), **_text(request.body, "_encoding")}
    return half


def _response(answer: Answer, head: Head, form: Form) -> dict[str, Any]:
    body = _plain(answer.body, first_header(head.headers, "content-encoding"))
    type = first_header(head.headers, "content-type") or "x-unknown"
    content = {"mimeType": type, **_kept(form, "content"), "size": len(body), **_text(body, "encoding")}
    return {
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": head.http_version,
        "cookies": _cookies(head.headers, "set-cookie"),
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


def _text(body: bytes, flag: str) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": b64encode(body).decode(), flag: "base64"}


def _cookies(headers: Headers, name: str) -> list[dict[str, str]]:
    cookies = []
    for field, value in headers:
        if field.lower() == name:
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(value)
            except CookieError:
                continue
            cookies += [{"name": key, "value": morsel.value} for key, morsel in jar.items()]
    return cookies
