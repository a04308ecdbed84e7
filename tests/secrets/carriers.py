"""The ways in which a secret crosses the boundary, each a function that sends or fetches one."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import zstandard

import replay
from tests.canon.test_eventstream import TYPE, wrapped
from tests.secrets.planting import Planted
from tests.taps.server import CHUNKED, LAST, Server, answer, chunk, head

Carrier = Callable[[Server, httpx.Client, Planted], Any]
OK = answer(b"{}", "Content-Type: application/json")


class Refused(Exception):
    """What a tool raises."""


def _post(server: Server, client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return client.post(server.on(path, OK), **body)


def in_prompt(server: Server, client: httpx.Client, planted: Planted) -> None:
    _post(server, client, "/chat", json={"messages": [{"role": "user", "content": f"use this:\n{planted.text}\nnow"}]})


def in_form(server: Server, client: httpx.Client, planted: Planted) -> None:
    _post(server, client, "/form", data={"page": "2", "note": planted.text})


def in_secret_form_field(server: Server, client: httpx.Client, planted: Planted) -> None:
    _post(server, client, "/token", data={"grant_type": "password", "client_secret": planted.core})


def in_multipart(server: Server, client: httpx.Client, planted: Planted) -> None:
    _post(server, client, "/upload", data={"password": planted.core}, files={"file": ("a.txt", planted.text.encode())})


def in_query(server: Server, client: httpx.Client, planted: Planted) -> None:
    path = str(httpx.URL("/search", params={"q": planted.text}))
    client.get(server.on(path, OK))


def in_secret_parameter(server: Server, client: httpx.Client, planted: Planted) -> None:
    client.get(server.on(str(httpx.URL("/models", params={"key": planted.core})), OK))


def in_header(server: Server, client: httpx.Client, planted: Planted) -> None:
    client.get(server.on("/me", OK), headers={"X-Api-Key": planted.core, "Authorization": f"Token {planted.core}"})


def in_echoed_header(server: Server, client: httpx.Client, planted: Planted) -> None:
    """An echo in a place, and in a shape, that says nothing about it."""
    path = "/echo"
    server.on(path, answer(json.dumps({"you": ["sent", planted.core]}).encode(), "Content-Type: application/json"))
    client.get(server.url + path, headers={"X-Service-Token": planted.core})


def in_cookie(server: Server, client: httpx.Client, planted: Planted) -> None:
    reply = answer(b"{}", f"Set-Cookie: session={planted.core[::-1]}; Path=/none")
    client.get(server.on("/in", reply), headers={"Cookie": f"sid={planted.core}; theme=dark"})


def in_field(server: Server, client: httpx.Client, planted: Planted) -> None:
    _post(server, client, "/login", json={"user": {"email": "a@example.com", "password": planted.core}})


def in_tool_call(server: Server, client: httpx.Client, planted: Planted) -> None:
    """JSON within JSON, and from the model to the program."""
    arguments = json.dumps({"user": "a", "password": planted.core, "note": planted.text})
    said = {"choices": [{"message": {"tool_calls": [{"id": "call_1", "function": {"arguments": arguments}}]}}]}
    client.get(server.on("/called", answer(json.dumps(said).encode(), "Content-Type: application/json")))


def in_base64(server: Server, client: httpx.Client, planted: Planted) -> None:
    file = base64.b64encode(f"a file with {planted.text} in it".encode()).decode()
    _post(server, client, "/file", json={"file": {"data": f"data:text/plain;base64,{file}"}})


def in_traceback(server: Server, client: httpx.Client, planted: Planted) -> None:
    text = (
        f'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    f(x)\nValueError: bad: {planted.text}\n'
    )
    _post(server, client, "/crash", content=text.encode())


def in_redirect(server: Server, client: httpx.Client, planted: Planted) -> None:
    location = httpx.URL("/next", params={"token": planted.core})
    client.get(server.on("/away", answer(b"", f"Location: {location}", status="302 Found")))


def _compressed(coding: str, compress: Callable[[bytes], bytes]) -> Carrier:
    def carrier(server: Server, client: httpx.Client, planted: Planted) -> None:
        body = compress(json.dumps({"a": "x" * 400, "said": planted.text, "password": planted.core}).encode())
        half = len(body) // 2
        fields = (f"Content-Encoding: {coding}", "Content-Type: application/json", CHUNKED)
        client.get(server.on(f"/{coding}", head(*fields), chunk(body[:half]), chunk(body[half:]), LAST))

    carrier.__name__ = f"in_{coding}"
    return carrier


def in_compressed_request(server: Server, client: httpx.Client, planted: Planted) -> None:
    body = gzip.compress(json.dumps({"logs": [planted.text]}).encode())
    _post(server, client, "/logs", content=body, headers={"Content-Encoding": "gzip"})


def _stream(server: Server, client: httpx.Client, path: str, pieces: list[bytes]) -> None:
    url = server.on(path, head(CHUNKED, "Content-Type: text/event-stream"), *map(chunk, pieces), LAST)
    with client.stream("GET", url) as response:
        for _ in response.iter_raw():
            pass


def in_split_stream(server: Server, client: httpx.Client, planted: Planted) -> None:
    event = b"data: " + json.dumps({"delta": {"content": f"it is {planted.text}, right"}}).encode() + b"\n\n"
    at = event.index(planted.core[:8].encode()) + 5
    _stream(server, client, "/split", [event[:at], event[at : at + 3], event[at + 3 :], b"data: [DONE]\n\n"])


def in_spelled_stream(server: Server, client: httpx.Client, planted: Planted) -> None:
    text = f"it is {planted.text}, right"
    deltas = [text[at : at + 3] for at in range(0, len(text), 3)]
    events = [b"data: " + json.dumps({"index": 0, "delta": {"content": delta}}).encode() + b"\n\n" for delta in deltas]
    _stream(server, client, "/spelled", [*events, b"data: [DONE]\n\n"])


def in_spelled_tool_call(server: Server, client: httpx.Client, planted: Planted) -> None:
    text = json.dumps({"user": "a", "password": planted.core, "at": "home"})
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    events = [
        b"event: content_block_delta\ndata: "
        + json.dumps({"type": "content_block_delta", "index": 1, "delta": {"partial_json": piece}}).encode()
        + b"\n\n"
        for piece in pieces
    ]
    _stream(server, client, "/arguments", events)


@replay.tool
def connect(note: str, password: str, raw: bytes) -> dict[str, str]:
    return {"note": note, "token": password, "raw": raw.decode()}


@replay.tool
def fail(note: str) -> None:
    raise Refused(f"cannot use {note}")


@replay.tool
def tell(note: str):
    yield from [note[:5], note[5:], f"all of it: {note}"]


def in_tool(_server: Server, _client: httpx.Client, planted: Planted) -> None:
    connect(planted.text, planted.core, f"bytes of {planted.text} in base64".encode())


def in_exception(_server: Server, _client: httpx.Client, planted: Planted) -> None:
    try:
        fail(planted.text)
    except Refused:
        return


def in_generator(_server: Server, _client: httpx.Client, planted: Planted) -> None:
    list(tell(planted.text))


def in_process(_server: Server, _client: httpx.Client, planted: Planted) -> None:
    words = ["/bin/sh", "-c", 'printf "%s" "$0"; printf "%s" "$2" >&2', planted.text, "--password", planted.core]
    subprocess.run(words, capture_output=True, check=True)


def in_event_stream(server: Server, client: httpx.Client, planted: Planted) -> None:
    """Bedrock's binary stream, spelled, and cut where the network likes."""
    text = f"it is {planted.text}, right"
    data = b"".join([wrapped(text[at : at + 4]) for at in range(0, len(text), 4)])
    pieces = [chunk(data[at : at + 50]) for at in range(0, len(data), 50)]
    client.get(server.on("/invoke", head(CHUNKED, f"Content-Type: {TYPE}"), *pieces, LAST))


CARRIERS: tuple[Carrier, ...] = (
    in_prompt, in_form, in_secret_form_field, in_multipart, in_query, in_secret_parameter, in_header, in_echoed_header,
    in_cookie, in_field, in_tool_call, in_base64, in_traceback, in_redirect, in_compressed_request, in_split_stream,
    in_spelled_stream, in_spelled_tool_call, in_tool, in_exception, in_generator, in_process, in_event_stream,
    _compressed("gzip", gzip.compress), _compressed("deflate", zlib.compress), _compressed("br", brotli.compress),
    _compressed("zstd", zstandard.ZstdCompressor().compress),
)  # fmt: skip
