"""The same request through each real client, and what the program sees of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import aiohttp
import httpx
import httpx2
import requests
import yarl

from replay.canon.packed import UNPACKED
from replay.dialects.body import decoded
from replay.events import Event, Headers, Request

OF_THE_BODY = ("content-type", "content-encoding")
"""Fields that a request needs to be the same again; the clients make the others."""


class Seen(NamedTuple):
    status: int
    headers: Headers
    body: bytes


def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers if name.lower() in OF_THE_BODY}


def _text(raw) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])


def _by_httpx(module) -> Callable[[Request], Seen]:
    def ask(request: Request) -> Seen:
        with module.Client() as client:
            answer = client.request(
                request.action, request.target, headers=_fields(request), content=request.body or None
            )
        return Seen(answer.status_code, _text(answer.headers.raw), answer.content)

    return ask


def _by_requests(request: Request) -> Seen:
    with requests.Session() as session:
        answer = session.request(
            request.action, request.target, headers=_fields(request), data=request.body or None, allow_redirects=False
        )
    return Seen(answer.status_code, tuple(answer.raw.headers.items()), answer.content)


def _by_aiohttp(request: Request) -> Seen:
    async def ask() -> Seen:
        url = yarl.URL(request.target, encoded=True)
        options = {"headers": _fields(request), "data": request.body or None, "allow_redirects": False}
        async with (
            aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
            session.request(request.action, url, **options) as answer,
        ):
            return Seen(answer.status, _text(answer.raw_headers), await answer.read())

    return asyncio.run(ask())


CLIENTS: dict[str, Callable[[Request], Seen]] = {
    "httpx": _by_httpx(httpx),
    "httpx2": _by_httpx(httpx2),
    "requests": _by_requests,
    "aiohttp": _by_aiohttp,
}


def by_name(headers: Headers) -> dict[str, list[str]]:
    """Values by lower-case name: no client keeps the order of different fields for its program."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def wanted(event: Event) -> Seen:
    """What a program is to see of the answer to ``event``: the head as it stood in the file, the body decoded."""
    answer = event.answer
    assert answer is not None
    assert answer.head is not None
    _, mark, plain = answer.body.partition(UNPACKED)
    unpacked = decoded(answer.body, answer.head.header("content-encoding"))
    body = plain if mark else answer.body if unpacked.problem else unpacked.data
    return Seen(answer.head.status, answer.head.headers, body)
