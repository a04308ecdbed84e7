from __future__ import annotations

import asyncio
import gzip
import threading
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

import replay
from replay.errors import DivergenceError, UsageError
from tests.taps.crossed import check, record, replayed
from tests.taps.server import CHUNKED, CLOSE, DEADLINE, LAST, Server, answer, chunk, head, unused_port


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


async def fetch(url: str, **options: Any) -> Any:
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(url, request_timeout=options.pop("limit", DEADLINE), **options)
    finally:
        client.close()


def test_a_fetch_replays_when_the_server_is_gone(path: Path, server: Server) -> None:
    server.on("/a", answer(b"one", "X-Own: 1", "X-Own: 2"))
    packed = gzip.compress(b"two")
    server.on("/b", answer(packed, "Content-Encoding: gzip", status="201 Made"))

    async def agent() -> Any:
        first = await fetch(f"{server.url}/a")
        second = await fetch(f"{server.url}/b", method="POST", body="text", headers={"X-Mine": "1"})
        return [
            (one.code, one.reason, one.body, one.headers.get_list("x-own"), one.effective_url, one.request.url)
            for one in (first, second)
        ]

    value = check(path, agent, gone=server.stop)
    assert value[0] == (200, "OK", b"one", ["1", "2"], f"{server.url}/a", f"{server.url}/a")
    assert value[1][:3] == (201, "Made", b"two")
    events = list(replay.open(path).events)
    assert [(event.request.action, event.request.body) for event in events] == [("GET", b""), ("POST", b"text")]


def test_redirects_are_followed_and_the_last_url_is_told(path: Path, server: Server) -> None:
    server.on("/from", answer(b"", "Location: /to", status="302 Found"))
    server.on("/to", answer(b"here"))

    async def agent() -> Any:
        response = await fetch(f"{server.url}/from")
        return response.body, response.effective_url, dict(response.headers)

    assert check(path, agent) == (b"here", f"{server.url}/to", {"Content-Length": "4"})


@pytest.mark.parametrize("way", ["404", "refused", "unknown", "closed", "late"])
def test_a_failure_is_the_librarys_own(path: Path, server: Server, way: str) -> None:
    server.on("/", *{"404": [answer(b"no", status="404 No")], "closed": [CLOSE]}.get(way, [threading.Event()]))
    urls = {"refused": f"http://127.0.0.1:{unused_port()}/", "unknown": "http://no.such.host.invalid/"}

    async def agent() -> Any:
        with pytest.raises((HTTPClientError, OSError)) as caught:
            await fetch(urls.get(way, f"{server.url}/"), limit=0.3 if way == "late" else DEADLINE)
        error = caught.value
        return type(error), str(error), getattr(error, "code", None), getattr(getattr(error, "response", 0), "body", 0)

    value = check(path, agent)
    assert {"404": HTTPClientError, "refused": ConnectionRefusedError, "late": HTTPTimeoutError}.get(way, value[0]) is (
        value[0]
    )


def test_a_stream_is_handed_on_chunk_by_chunk(path: Path, server: Server) -> None:
    seen = threading.Event()
    server.on("/", head(CHUNKED, "X-Own: 1") + chunk(b"first"), seen, chunk(b"second") + LAST)

    async def agent() -> Any:
        lines: list[str] = []
        pieces: list[bytes] = []

        def take(piece: bytes) -> None:
            pieces.append(piece)
            seen.set()

        response = await fetch(f"{server.url}/", streaming_callback=take, header_callback=lines.append)
        return pieces, lines[0], lines[-1], "X-Own: 1\r\n" in lines, response.body, response.code

    value = check(path, agent)
    assert value == ([b"first", b"second"], "HTTP/1.1 200 OK\r\n", "\r\n", True, b"", 200)


def test_fetches_in_tasks_come_in_the_recorded_order(path: Path, server: Server) -> None:
    for number in range(8):
        server.on(f"/{number}", answer(b"%d" % number))

    async def agent() -> Any:
        order = []

        async def ask(number: int) -> None:
            order.append((await fetch(f"{server.url}/{number}")).body)

        await asyncio.gather(*[ask(number) for number in range(8)])
        return order

    assert sorted(check(path, agent)) == [b"%d" % number for number in range(8)]


def test_the_blocking_client_replays(path: Path, server: Server) -> None:
    server.on("/", answer(b"ok"))

    def agent() -> Any:
        client = HTTPClient()
        try:
            return client.fetch(f"{server.url}/").body
        finally:
            client.close()

    assert check(path, agent) == b"ok"


def test_a_changed_request_diverges_and_may_go_live(path: Path, server: Server) -> None:
    server.on("/", answer(b"ok"))

    async def agent(body: str) -> Any:
        return (await fetch(f"{server.url}/", method="POST", body=body)).body

    record(path, agent, '{"a": 1}')
    with pytest.raises(DivergenceError) as caught:
        replayed(path, agent, '{"a": 2}')
    assert caught.value.asked.body == b'{"a": 2}'
    value, result = replayed(path, agent, '{"a": 2}', on_divergence="live")
    assert (value, result.live) == (b"ok", 1)


def test_what_cannot_be_recorded_is_said(path: Path, server: Server) -> None:
    async def produce(write: Any) -> None:
        await write(b"x")

    async def agent() -> Any:
        request = HTTPRequest(f"{server.url}/", method="POST", body_producer=produce)
        await AsyncHTTPClient(force_instance=True).fetch(request)

    with pytest.raises(UsageError, match="body_producer"):
        record(path, agent)


def test_outside_a_session_fetches_are_the_librarys_own(server: Server) -> None:
    server.on("/", answer(b"plain"))
    assert asyncio.run(fetch(f"{server.url}/")).body == b"plain"
