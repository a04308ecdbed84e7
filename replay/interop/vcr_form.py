"""How a record stood in a file of vcrpy, as far as an event does not say it, and the record written again.

The usual form is what vcrpy writes today: ``body: null`` for a request without one, ``body: {string: …}`` for every
response, a list of values for every header. A *form* is a small mapping of what differed:

=============  ===================================================================================
``asked``      the request's body was ``empty`` text, ``parsed`` (``parsed_body``) or a ``mapping``
``said``       the response's body was ``parsed``, a ``mapping``, ``null`` in its string, or ``none``
``unpacked``   the response's body stood unpacked beside its ``Content-Encoding``
``silent``     the status had no message, and no empty one either
``request``,   keys beside the usual ones, of the request, the response and the record itself
``response``,
``record``
=============  ===================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from replay.canon.coding import packer
from replay.canon.packed import UNPACKED
from replay.events import Event, Head, Headers, Request, first_header
from replay.interop.fields import readable_text
from replay.interop.plain import from_plain, to_plain

_ASKED = frozenset({"method", "uri", "url", "headers", "body", "parsed_body", "protocol", "host", "port", "path"})
_SAID = frozenset({"status", "status_code", "code", "headers", "body", "parsed_body", "content", "http_version"})
_RECORD = frozenset({"request", "response"})

Form = Mapping[str, Any]


def is_parsed(half: Mapping[str, Any]) -> bool:
    """Whether this request or response keeps its body as parsed JSON."""
    return half.get("parsed_body") is not None and half.get("body") is None


def form_of(record: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """What differs in ``record``, of which ``event`` was made, from the usual form; empty as a rule."""
    asked, said = record["request"], record["response"]
    answer = event.answer
    found: dict[str, Any] = {
        "asked": _asked_body(asked),
        "said": _said_body(said),
        "unpacked": answer is not None and answer.body.startswith(UNPACKED),
        "silent": isinstance(said.get("status"), dict) and said["status"].get("message") is None,
        "request": _beside(asked, _ASKED) | _as_it_stood(asked, event),
        "response": _beside(said, _SAID),
        "record": _beside(record, _RECORD),
    }
    return {name: value for name, value in found.items() if value}


def record_of(event: Event, form: Form) -> dict[str, Any]:
    """The record of ``event``, which has an answer with a head, as vcrpy's serializers take it."""
    return {
        "request": _request(event.request, form),
        "response": _response(event, form),
        **_kept(form, "record"),
    }


def _as_it_stood(asked: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """URL and method, where they could not be sent as they stand."""
    sent = {"uri": event.request.target, "method": event.request.action}
    stood = {key: asked.get(key) for key in sent}
    return {key: to_plain(value) for key, value in stood.items() if isinstance(value, str) and value != sent[key]}


def _asked_body(asked: Mapping[str, Any]) -> str:
    body = asked.get("body")
    if is_parsed(asked):
        return "parsed"
    if isinstance(body, dict):
        return "" if "string" in body or "base64_string" in body else "mapping"
    return "empty" if body in ("", b"") else ""


def _said_body(said: Mapping[str, Any]) -> str:
    body = said.get("body")
    if is_parsed(said):
        return "parsed"
    if isinstance(body, dict):
        if "string" in body:
            return "null" if body["string"] is None else ""
        return "" if "base64_string" in body else "mapping"
    return "none" if body is None and "content" not in said else ""


def _beside(half: Mapping[Any, Any], usual: frozenset[str]) -> dict[str, Any]:
    return {str(key): to_plain(value) for key, value in half.items() if key not in usual}


def _kept(form: Form, name: str) -> dict[str, Any]:
    kept = from_plain(form.get(name))
    return kept if isinstance(kept, dict) else {}


def _request(request: Request, form: Form) -> dict[str, Any]:
    body = wire_body(request.body, request.headers)
    half = {"method": request.action, "uri": request.target, "headers": header_lists(request.headers)}
    return {**half, **_body(form.get("asked"), body, _request_body(form.get("asked"), body)), **_kept(form, "request")}


def _response(event: Event, form: Form) -> dict[str, Any]:
    answer = event.answer
    assert answer is not None and answer.head is not None
    body = wire_body(answer.body, answer.head.headers, unpacked=bool(form.get("unpacked")))
    plain = {"string": None if form.get("said") == "null" and not body else text_or_bytes(body)}
    half = {"status": _status(answer.head, form), "headers": header_lists(answer.head.headers)}
    written = {} if form.get("said") == "none" and not body else _body(form.get("said"), body, plain)
    return {**half, **written, **_kept(form, "response")}


def _status(head: Head, form: Form) -> dict[str, Any]:
    return {"code": head.status, "message": None if form.get("silent") and not head.reason else head.reason}


def _request_body(how: Any, body: bytes) -> str | bytes | None:
    return text_or_bytes(body) if body or how == "empty" else None


def _body(how: Any, body: bytes, plain: Any) -> dict[str, Any]:
    if how not in ("parsed", "mapping"):
        return {"body": plain}
    try:
        value = json.loads(body)
    except ValueError:
        return {"body": plain}
    return {"parsed_body" if how == "parsed" else "body": value}


def header_lists(headers: Headers) -> dict[str, list[str]]:
    """Header fields by name, the values of one name in order."""
    lists: dict[str, list[str]] = {}
    for name, value in headers:
        lists.setdefault(name, []).append(readable_text(value))
    return lists


def wire_body(body: bytes, headers: Headers, *, unpacked: bool = False) -> bytes:
    """A body as it goes over the wire: packed again where the cassette keeps it unpacked, unless it shall stay so."""
    packed, mark, plain = body.partition(UNPACKED)
    if not mark:
        return body
    pack = None if unpacked else packer(first_header(headers, "content-encoding") or "")
    if pack is None:
        return plain
    from replay.canon.packed import unpacked as unpack

    whole = unpack(body, first_header(headers, "content-encoding") or "") if packed else plain
    return pack.pack(plain if whole is None else whole) + pack.finish()


def text_or_bytes(body: bytes) -> str | bytes:
    """Text where it is UTF-8, which is how vcrpy writes it."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
