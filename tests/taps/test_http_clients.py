"""The taps with the real engine: recorded into a cassette, replayed from it with the network gone."""

from __future__ import annotations

import asyncio
import gzip
import urllib.request
from pathlib import Path

import aiohttp
import pytest
import requests

import replay
from tests.taps.server import CHUNKED, CLOSE, LAST, Server, answer, chunk, head, unused_port

REFUSED = f"http://127.0.0.1:{unused_port()}/"


def by_requests(url: str):
    with requests.Session() as session, pytest.raises(requests.ConnectionError) as refused:
        response = session.get(f"{url}/from")
        seen = [response.json(), [one.status_code for one in response.history]]
        seen += [*session.get(f"{url}/stream", stream=True).iter_content(None)]
        with pytest.raises(requests.exceptions.ChunkedEncodingError) as broken:
            session.get(f"{url}/broken")
        seen.append(str(broken.value))
        session.get(REFUSED)
    return [*seen, str(refused.value)]


def by_urllib(url: str):
    with urllib.request.urlopen(f"{url}/from") as response:
        seen = [gzip.decompress(response.read()), response.geturl()]
    with urllib.request.urlopen(f"{url}/stream") as response:
        seen += [*iter(response.read1, b"")]
    with urllib.request.urlopen(f"{url}/broken") as response, pytest.raises(Exception) as broken:
        response.read()
    with pytest.raises(OSError) as refused:
        urllib.request.urlopen(REFUSED)
    return [*seen, repr(broken.value), str(refused.value)]


async def _by_aiohttp(url: str):
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/from") as response:
            seen = [await response.json(content_type=None), [one.status for one in response.history]]
        async with session.get(f"{url}/stream") as response:
            seen += [piece async for piece in response.content.iter_chunks()]
        async with session.get(f"{url}/broken") as response:
            with pytest.raises(aiohttp.ClientPayloadError) as broken:
                await response.read()
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(REFUSED)
    return [*seen, str(broken.value), str(refused.value)]


def by_aiohttp(url: str):
    return asyncio.run(_by_aiohttp(url))


@pytest.mark.parametrize("agent", [by_requests, by_urllib, by_aiohttp])
def test_a_run_replays_identically_without_a_network(server: Server, tmp_path: Path, agent) -> None:
    server.on("/from", answer(b"", "Location: /to", status="302 Found"))
    server.on("/to", answer(gzip.compress(b'{"ok": true}'), "Content-Encoding: gzip"))
    server.on("/stream", head(CHUNKED) + chunk(b"one\n") + chunk(b"two\n") + LAST)
    server.on("/broken", head(CHUNKED) + chunk(b"one\n"), CLOSE)
    cassette = tmp_path / "run.cassette"
    with replay.record(cassette):
        recorded = agent(server.url)
    server.stop()
    with replay.play(cassette) as run:
        assert agent(server.url) == recorded
    assert run.result.identical, run.result
    assert run.result.served == 5
