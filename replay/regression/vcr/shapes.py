"""A request as vcrpy writes it down, and back.

vcrpy has a stub for each client, and they differ: ``requests`` leaves out the body of a GET (``None``) where ``httpx``
has an empty one; ``aiohttp`` is written down before it has made bytes of ``json=`` and ``data=``, and before it has
added its own fields. Our taps see what goes over the wire. So a request has several shapes, and the one to try first
is that of the file, which the same client has written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from vcr.request import Request as VcrRequest
from vcr.util import read_body

from replay.canon.body import content_type, is_json
from replay.events import Headers, Request

ADDED = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"})
"""Fields that a client adds below where vcrpy looks at it."""

FORM = "application/x-www-form-urlencoded"


class Shapes:
    """How the requests of one file are written down. ``requests``: all of it, as vcrpy has read them."""

    def __init__(self, requests: Iterable[Any]) -> None:
        bodies = set()
        fields: set[str] = set()
        for request in requests:
            bodies.add(type(request.body))
            fields.update(name.lower() for name in request.headers)
        self._has_none = type(None) in bodies
        self._has_data = bool(bodies & {dict, list})
        self._missing = ADDED - fields

    def of(self, request: Request) -> Iterator[Any]:
        """``request`` in all its shapes, the likeliest first."""
        headers = _mapping(request.headers)
        for body in self._bodies(request):
            # What aiohttp is given as data has no content type yet.
            gone = {"content-type"} if isinstance(body, dict | list) else set()
            for missing in (gone, self._missing | gone):
                left = {name: value for name, value in headers.items() if name.lower() not in missing}
                yield VcrRequest(request.action, request.target, body, left)

    def _bodies(self, request: Request) -> list[Any]:
        if not request.body:
            return [None, b""] if self._has_none else [b"", None]
        data = data_of(request.body, content_type(request.headers)) if self._has_data else None
        return [data, request.body] if isinstance(data, dict | list) else [request.body]


def data_of(body: bytes, kind: str) -> Any:
    """What a body of this content type says, as JSON-like data; None where it is neither JSON nor a form."""
    try:
        if is_json(kind):
            return json.loads(body)
        if kind.lower().startswith(FORM):
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, RecursionError):
        pass
    return None


def in_our_words(request: Any) -> Request:
    """A request of vcrpy's as one of ours, for comparing and for showing: a form becomes JSON."""
    headers = tuple([(name, _text(value)) for name, value in request.headers.items()])
    body = read_body(request)
    data: Any = body
    if not isinstance(body, dict | list):
        body = bytes(body or b"")
        data = data_of(body, content_type(headers)) if content_type(headers).lower().startswith(FORM) else None
    if data is not None:
        headers = (*((name, value) for name, value in headers if name.lower() != "content-type"), JSON)
        body = json.dumps(data, default=str).encode()
    return Request("http", request.method, request.uri, headers, body)


JSON = ("content-type", "application/json")


def _mapping(headers: Headers) -> dict[str, str]:
    """Fields that are given twice become one, as vcrpy keeps them."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
