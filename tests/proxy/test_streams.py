"""Bytes on the wire: what a program gets through the proxy, live and on replay. One run of each serves all tests."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from replay.cassette import Reader
from replay.events import Event
from tests.proxy import rig
from tests.proxy.rig import LAST, STREAM, ask, chunk, connect, read_all, read_until, request, whole

KEY = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" * 2
PACKED = whole(gzip.compress(b'{"answer": 42}', mtime=0), "content-encoding: gzip", "x-request-id: r1")
HEADLESS = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"
ONE, TWO = b"data: one\n\n", b"data: two\n\n"


class Service:
    """Answers by path, and says what it sees."""

    def __init__(self) -> None:
        self.read_on = threading.Event()
        self.gone = threading.Event()
        self.url = ""

    def __call__(self, connection, asked: bytes) -> None:
        path = asked.split()[1].partition(b"?")[0].decode()
        getattr(self, path.strip("/").replace("%2F", "_"))(connection)

    def stream(self, connection) -> None:
        connection.sendall(STREAM + chunk(ONE))
        assert self.read_on.wait(rig.LIMIT)
        connection.sendall(chunk(TWO) + LAST)

    def breaks(self, connection) -> None:
        connection.sendall(STREAM + chunk(ONE) + b"ff\r\ndata: tw")
        connection.shutdown(socket.SHUT_RDWR)

    def endless(self, connection) -> None:
        connection.sendall(STREAM + chunk(ONE))
        if not connection.recv(1):
            self.gone.set()

    def done(self, connection) -> None:
        connection.sendall(STREAM + chunk(ONE) + LAST)

    def v1_packed(self, connection) -> None:
        connection.sendall(PACKED)

    def head(self, connection) -> None:
        connection.sendall(HEADLESS)

    def empty(self, connection) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def old(self, connection) -> None:
        connection.sendall(whole(b"", f"location: {self.url}/new?a=1", status="307 Temporary Redirect"))


@dataclass
class Run:
    """What came back, by path, and how the proxy ended."""

    proxy: rig.Proxy
    got: dict[str, bytes] = field(default_factory=dict)


def watch(address: str, service: Service) -> bytes:
    """A stream whose second chunk the service sends only once the first is here."""
    with connect(address) as connection:
        connection.sendall(request("/shop/stream"))
        first = read_until(connection, chunk(ONE))
        service.read_on.set()
        return first + read_all(connection)


def leave(address: str, path: str) -> bytes:
    """One chunk of a stream; then the program goes away."""
    with connect(address) as connection:
        connection.sendall(request(path))
        return read_until(connection, chunk(ONE))


def agent(base: str, service: Service, key: str, leave_done: bool) -> dict[str, bytes]:
    """The same requests every time. ``leave_done``: it goes away after the last data, before the end."""
    done: Callable[..., bytes] = leave if leave_done else ask
    authorized = [f"authorization: Bearer {key}"] if key else []
    return {
        "stream": watch(base, service),
        "breaks": ask(base, "/shop/breaks"),
        "nobody": ask(base, "/nobody/v1/models", b"", method="GET"),
        "endless": leave(base, "/shop/endless"),
        "done": done(base, "/shop/done"),
        "packed": ask(base, "/shop/v1%2Fpacked?limit=2", b"{}", "Connection: x-hop", "x-hop: 1", *authorized),
        "head": ask(base, "/shop/head", b"", method="HEAD"),
        "empty": ask(base, "/shop/empty", b"", method="DELETE"),
        "old": ask(base, "/shop/old", b"", method="GET"),
    }


@dataclass
class Both:
    service: rig.Upstream
    live: Run
    again: Run
    cassette: Path
    gone: bool

    def event(self, path: str) -> Event:
        return next(event for event in Reader(str(self.cassette)).events if path in event.request.target)

    def equal(self, path: str) -> bytes:
        assert self.live.got[path].replace(self.live.proxy.port, b"PORT") == self.again.got[path].replace(
            self.again.proxy.port, b"PORT"
        )
        return self.live.got[path]


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Both:
    folder = tmp_path_factory.mktemp("streams")
    service = Service()
    with rig.upstream(lambda *_: None) as nobody:
        pass
    with rig.upstream(service) as made:
        service.url = made.url
        to = ("--to", f"shop={made.url}", "--to", f"nobody={nobody.url}")
        with rig.proxy(folder, "--record", "a.cassette", *to) as proxy:
            live = Run(proxy, agent(proxy.base, service, KEY, leave_done=False))
            gone = service.gone.wait(rig.LIMIT)
    with rig.proxy(folder, "--play", "a.cassette") as proxy:
        again = Run(proxy, agent(proxy.base, service, "", leave_done=True))
    return Both(made, live, again, folder / "a.cassette", gone)


def test_a_replay_of_the_same_requests_is_identical_with_the_services_gone(both):
    assert (both.live.proxy.code, both.again.proxy.code) == (0, 0), both.live.proxy.said + both.again.proxy.said
    assert both.again.proxy.said == "replay: identical: 9 served, 0 live\n"


def test_the_first_chunk_is_there_before_the_last_is_sent_and_a_replay_keeps_the_chunks(both):
    assert both.equal("stream").endswith(chunk(ONE) + chunk(TWO) + LAST)


def test_a_stream_that_breaks_is_cut_after_the_same_byte(both):
    assert both.equal("breaks").endswith(chunk(ONE) + chunk(b"data: tw"))
    assert both.event("breaks").answer.end.ending == "broken"


def test_an_upstream_that_is_not_there_is_the_same_502_on_replay(both):
    got = both.equal("nobody")
    assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\n")
    assert b'"code":"ConnectError"' in got
    assert both.event("v1/models").answer.end.ending == "failed"


def test_a_program_that_goes_away_is_recorded_so_and_the_upstream_hears_of_it(both):
    both.equal("endless")
    assert both.gone
    assert both.event("endless").answer.end.ending == "closed"


def test_a_program_that_leaves_after_the_last_data_has_had_all_of_it(both):
    assert both.live.got["done"] == both.again.got["done"] + LAST


def test_what_is_kept_is_the_upstreams_url_and_no_key(both):
    assert both.equal("packed") == PACKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    event = both.event("packed")
    assert (event.request.action, event.request.target) == ("POST", f"{both.service.url}/v1%2Fpacked?limit=2")
    assert any(f"Bearer {KEY}".encode() in asked for asked in both.service.requests)
    assert not any(b"host: here" in asked.lower() or b"x-hop" in asked for asked in both.service.requests)
    assert KEY.encode() not in both.cassette.read_bytes()


def test_an_answer_without_a_body_is_one(both):
    assert both.equal("head") == HEADLESS.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert both.equal("empty").startswith(b"HTTP/1.1 204 No Content\r\n")


def test_a_redirect_leads_back_through_the_proxy(both):
    assert b"\r\nlocation: " + both.live.proxy.base.encode() + b"/shop/new?a=1\r\n" in both.equal("old")


def test_what_no_upstream_stands_for_is_told_to_the_program_and_in_the_verdict(both):
    with rig.proxy(both.cassette.parent, "--play", "a.cassette") as proxy:
        assert b"no upstream behind /bank/orders; it serves /" in ask(proxy.base, "/bank/orders")
        assert ask(proxy.base, "/shop/talk?key=word", b"", "upgrade: websocket").startswith(b"HTTP/1.1 501")
    assert proxy.code == 1
    assert "not kept: the program asked for /bank/orders, behind which there is no upstream" in proxy.said
    assert f"not kept: {both.service.url}/talk was asked to speak another protocol than HTTP" in proxy.said
    assert "word" not in proxy.said
