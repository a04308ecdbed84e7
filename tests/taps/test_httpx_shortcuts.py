"""The short ways of httpx and httpx2, with the real engine: what they skip must leave no trace."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

import replay
from tests.taps.server import CHUNKED, CLOSE, LAST, Server, answer, chunk, head

Agent = Callable[[str], Any]


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


def recorded_and_replayed(agent: Agent, server: Server, cassette: Path) -> tuple[Any, Any, Any]:
    """What ``agent`` gave while recording and, without the server, on replay; and the result of the replay."""
    with replay.record(cassette):
        recorded = agent(server.url)
    server.stop()
    with replay.play(cassette) as run:
        replayed = agent(server.url)
    return recorded, replayed, run.result


def same(agent: Agent, server: Server, cassette: Path) -> Any:
    recorded, replayed, result = recorded_and_replayed(agent, server, cassette)
    assert result.identical
    assert replayed == recorded
    return replayed


def test_a_replay_is_told_how_long_the_recorded_answer_took(library, server, tmp_path):
    server.on("/a", answer(b"one"))

    def agent(url: str) -> Any:
        with library.Client() as client:
            whole = client.get(f"{url}/a")
            with client.stream("GET", f"{url}/a") as streamed:
                pieces = [*streamed.iter_raw()]
            pickled = pickle.loads(pickle.dumps(whole))
            return whole.elapsed, pickled.elapsed, streamed.elapsed, pieces

    elapsed, pickled, *_ = same(agent, server, tmp_path / "run.cassette")
    assert elapsed == pickled > elapsed * 0


def test_the_time_is_told_in_coroutines_too(library, server, tmp_path):
    server.on("/a", answer(b"one"))

    async def visit(url: str) -> Any:
        async with library.AsyncClient() as client:
            response = await client.get(f"{url}/a")
            return response.elapsed, response.num_bytes_downloaded, response.is_closed, response.text

    elapsed, *rest = same(lambda url: asyncio.run(visit(url)), server, tmp_path / "run.cassette")
    assert elapsed.total_seconds() > 0
    assert rest == [3, True, "one"]


def test_reading_leaves_behind_what_the_library_leaves_behind(library, server, tmp_path):
    server.on("/plain", head(CHUNKED) + chunk(b"one ") + chunk(b"two") + LAST)
    server.on("/gzip", answer(gzip.compress(b"packed"), "Content-Encoding: gzip"))

    def agent(url: str) -> Any:
        with library.Client() as client:
            plain, packed = client.get(f"{url}/plain"), client.get(f"{url}/gzip")
            with pytest.raises(library.StreamConsumed):
                [*plain.iter_raw()]
            state = [plain.is_closed, plain.is_stream_consumed, plain.num_bytes_downloaded, [*plain.iter_bytes(3)]]
            return [*state, plain.read(), packed.text, packed.num_bytes_downloaded, str(plain.request.url.path)]

    seen = same(agent, server, tmp_path / "run.cassette")
    assert seen[:3] == [True, True, 7]
    assert seen[-4:-2] == [b"one two", "packed"]


def test_a_body_that_breaks_while_it_is_read_as_one_breaks_the_same_way(library, server, tmp_path):
    server.on("/broken", head(CHUNKED) + chunk(b"half"), CLOSE)

    def agent(url: str) -> Any:
        with library.Client() as client:
            with (
                client.stream("GET", f"{url}/broken") as response,
                pytest.raises(library.RemoteProtocolError) as broken,
            ):
                response.read()
            return str(broken.value), str(broken.value.request.url), response.is_closed, response.num_bytes_downloaded

    assert same(agent, server, tmp_path / "run.cassette")[2] is True
    (event,) = replay.open(tmp_path / "run.cassette").events
    assert event.answer.body == b"half"
    assert event.answer.end.ending == "broken"


def test_a_broken_body_in_a_coroutine(library, server, tmp_path):
    server.on("/broken", head(CHUNKED) + chunk(b"half"), CLOSE)

    async def visit(url: str) -> Any:
        async with library.AsyncClient() as client:
            with pytest.raises(library.RemoteProtocolError) as broken:
                await client.get(f"{url}/broken")
            return str(broken.value), str(broken.value.request.url)

    same(lambda url: asyncio.run(visit(url)), server, tmp_path / "run.cassette")
    (event,) = replay.open(tmp_path / "run.cassette").events
    assert event.answer.body == b"half"


def test_cookies_that_a_served_answer_sets_are_sent_with_the_next_request(library, server, tmp_path):
    server.on("/login", answer(b"in", "Set-Cookie: seat=12; Path=/"))
    server.on("/seat", answer(b"yours"))

    def agent(url: str) -> Any:
        with library.Client() as client:
            client.get(f"{url}/login")
            sent = client.get(f"{url}/seat").request.headers.get("cookie", "").partition("=")[0]
            return sent, list(client.cookies)

    assert same(agent, server, tmp_path / "run.cassette") == ("seat", ["seat"])  # its value is a secret
    assert "cookie" in server.headers[-1]


def test_a_log_that_somebody_listens_to_gets_its_lines(library, server, tmp_path, caplog):
    server.on("/a", answer(b"one"))

    def agent(url: str) -> Any:
        caplog.clear()
        with library.Client() as client, caplog.at_level(logging.INFO, logger=library.__name__):
            client.get(f"{url}/a")
        return [record.getMessage() for record in caplog.records if record.name == library.__name__]

    (line,) = same(agent, server, tmp_path / "run.cassette")
    assert "200 OK" in line


def test_a_client_that_finds_its_transports_itself_is_asked_for_them(library, server, tmp_path):
    mock = library.MockTransport(lambda request: library.Response(200, text="mine"))

    class Client(library.Client):
        def _transport_for_url(self, url: Any) -> Any:
            return mock if url.path == "/mine" else super()._transport_for_url(url)

    server.on("/a", answer(b"one"))

    def agent(url: str) -> Any:
        with Client() as client:
            return client.get(f"{url}/a").text, client.get(f"{url}/mine").text

    assert same(agent, server, tmp_path / "run.cassette") == ("one", "mine")
    assert len(replay.open(tmp_path / "run.cassette").events) == 1


def test_an_answer_that_is_read_to_another_end_than_in_the_recording_is_told(library, server, tmp_path):
    server.on("/a", head(CHUNKED) + chunk(b"one ") + chunk(b"two") + LAST)

    def read(url: str) -> None:
        with library.Client() as client:
            client.get(f"{url}/a")

    def drop(url: str) -> None:
        with library.Client() as client, client.stream("GET", f"{url}/a"):
            pass

    def begin(url: str) -> None:
        with library.Client() as client, client.stream("GET", f"{url}/a") as response:
            next(response.iter_raw())

    with replay.record(tmp_path / "run.cassette"):
        read(server.url)
    server.stop()
    for other in (drop, begin):
        with replay.play(tmp_path / "run.cassette") as run:
            other(server.url)
        assert run.result.shortened
        assert not run.result.identical


def test_a_body_read_as_one_is_kept_in_the_pieces_it_came_in(library, server, tmp_path):
    server.on("/a", head(CHUNKED) + chunk(b"one "), head()[:0] + chunk(b"two") + LAST)

    def read(url: str) -> Any:
        with library.Client() as client:
            return client.get(f"{url}/a").content

    def stream(url: str) -> Any:
        with library.Client() as client, client.stream("GET", f"{url}/a") as response:
            return b"".join(response.iter_raw())

    with replay.record(tmp_path / "run.cassette"):
        assert read(server.url) == b"one two"
    with replay.play(tmp_path / "run.cassette") as run:
        assert stream(server.url) == b"one two"
    assert run.result.identical


def test_a_large_body_read_as_one_is_whole_in_the_cassette(library, server, tmp_path):
    large = random.Random(1).randbytes(12 << 20)
    server.on("/large", answer(large))

    def agent(url: str) -> Any:
        with library.Client() as client:
            return client.get(f"{url}/large").content == large

    assert same(agent, server, tmp_path / "run.cassette")
    assert replay.open(tmp_path / "run.cassette").events[0].answer.body == large


def test_a_fork_keeps_the_times_that_its_program_was_told(library, server, tmp_path):
    server.on("/a", answer(json.dumps({"said": 1}).encode()))

    def agent(url: str) -> Any:
        with library.Client() as client:
            return client.get(f"{url}/a").elapsed

    with replay.record(tmp_path / "run.cassette"):
        recorded = agent(server.url)
    server.stop()
    with replay.play(tmp_path / "run.cassette", save=str(tmp_path / "fork.cassette")):
        assert agent(server.url) == recorded
    with replay.play(tmp_path / "fork.cassette") as run:
        assert agent(server.url) == recorded
    assert run.result.identical


def test_an_empty_jar_reads_no_clock_and_a_full_one_does(server, tmp_path):
    import requests

    server.on("/login", answer(b"in", "Set-Cookie: seat=12; Path=/"))
    server.on("/seat", answer(b"yours"))

    def agent(url: str) -> Any:
        with requests.Session() as session:
            session.get(f"{url}/seat")
            session.get(f"{url}/login")
            return session.get(f"{url}/seat").request.headers["cookie"].partition("=")[0]

    assert same(agent, server, tmp_path / "run.cassette") == "seat"
