"""``http.client`` by itself, ``httplib2`` and ``xmlrpc.client``."""

from __future__ import annotations

import http.client
import io
import json
import threading
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httplib2
import pytest

import replay
from replay.errors import DivergenceError
from tests.taps.crossed import check, record, replayed
from tests.taps.server import CHUNKED, CLOSE, DEADLINE, LAST, RESET, Server, answer, chunk, head, unused_port


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


def connection(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)


def alone(server: Server, *args: Any, **options: Any) -> tuple[Any, ...]:
    """What is said on a connection of its own."""
    with closing(connection(server)) as one:
        return asked(one, *args, **options)


def asked(connection: http.client.HTTPConnection, *args: Any, **options: Any) -> tuple[Any, ...]:
    connection.request(*args, **options)
    response = connection.getresponse()
    return response.status, response.reason, response.getheader("x-own"), response.read()


def test_one_connection_asks_several_times_and_replays_when_the_server_is_gone(path: Path, server: Server) -> None:
    server.on("/a?q=1", answer(b"one", "X-Own: 1"))
    server.on("/b", head(CHUNKED, status="404 Not Here") + chunk(b"tw") + chunk(b"o") + LAST)

    def agent() -> Any:
        with_body = json.dumps({"a": 1})
        with closing(connection(server)) as one:
            one.connect()
            told = [asked(one, "GET", "/a?q=1"), asked(one, "POST", "/b", body=with_body, headers={"X-Mine": "2"})]
            one.close()
            return told

    value = check(path, agent, gone=server.stop)
    assert value == [(200, "OK", "1", b"one"), (404, "Not Here", None, b"two")]
    assert server.connections == 1
    first, second = replay.open(path).events
    assert (first.request.action, first.request.target) == ("GET", f"{server.url}/a?q=1")
    assert (second.request.header("x-mine"), second.request.body) == ("2", b'{"a": 1}')


@pytest.mark.parametrize(
    "body",
    [lambda: b"in all", lambda: io.BytesIO(b"in all"), lambda: iter([b"in", b" all"]), lambda: "in all"],
    ids=["bytes", "file", "pieces", "text"],
)
def test_a_body_of_any_shape_is_sent_and_kept_whole(path: Path, server: Server, body) -> None:
    server.on("/", answer(b"ok"))
    assert check(path, lambda: alone(server, "PUT", "/", body=body()))[3] == b"ok"
    assert server.requests == [("PUT", "/", b"in all")]
    (event,) = replay.open(path).events
    assert event.request.body == b"in all"


def test_a_request_that_is_written_by_hand_is_one_when_it_is_whole(path: Path, server: Server) -> None:
    server.on("/", answer(b"ok"))

    def agent() -> Any:
        with closing(connection(server)) as one:
            one.putrequest("POST", "/", skip_accept_encoding=True)
            one.putheader("Content-Length", "6")
            one.putheader("X-Long", "a", "b")
            one.endheaders()
            one.send(b"by")
            one.send(b"hand")
            with one.getresponse() as response:
                return response.read(1), response.read1(), response.version, response.msg.items()

    value = check(path, agent)
    assert value[:2] == (b"o", b"k")
    assert server.requests == [("POST", "/", b"byhand")]


def test_the_program_has_the_first_chunk_before_the_server_sends_the_second(path: Path, server: Server) -> None:
    seen = threading.Event()
    server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    def agent() -> Any:
        with closing(connection(server)) as one:
            one.request("GET", "/")
            response = one.getresponse()
            pieces = [response.read1()]
            seen.set()
            return [*pieces, response.read1(), response.read1()]

    assert check(path, agent) == [b"first", b"second", b""]


@pytest.mark.parametrize("way", ["refused", "unknown", "closed", "reset", "cut", "late"])
def test_a_failure_is_the_same_at_the_same_place(path: Path, server: Server, way: str) -> None:
    hosts = {"refused": ("127.0.0.1", unused_port()), "unknown": ("no.such.host.invalid", 80)}
    scripts = {"closed": [CLOSE], "reset": [RESET], "cut": [head("Content-Length: 9") + b"part", CLOSE]}
    server.on("/", *scripts.get(way, [threading.Event()]))

    def agent() -> Any:
        host, port = hosts.get(way, ("127.0.0.1", server.port))
        one = http.client.HTTPConnection(host, port, timeout=0.3 if way == "late" else DEADLINE)
        place = "request"
        with pytest.raises((OSError, http.client.HTTPException)) as caught:
            one.request("GET", "/")
            place = "response"
            response = one.getresponse()
            place = "body"
            response.read()
        one.close()
        return place, type(caught.value), str(caught.value), getattr(caught.value, "errno", None)

    value = check(path, agent)
    assert value[0] == {"refused": "request", "unknown": "request", "cut": "body"}.get(way, "response")


def test_what_cannot_be_asked_in_this_state_cannot_be_asked_on_replay(path: Path, server: Server) -> None:
    server.on("/", answer(b"one"))

    def agent() -> Any:
        with closing(connection(server)) as one:
            with pytest.raises(http.client.ResponseNotReady):
                one.getresponse()
            one.request("GET", "/")
            with pytest.raises(http.client.CannotSendRequest):
                one.request("GET", "/")
            return one.getresponse().read()

    assert check(path, agent) == b"one"


def test_a_changed_request_diverges_and_may_go_live(path: Path, server: Server) -> None:
    server.on("/", answer(b"ok"))

    def agent(body: str) -> Any:
        return alone(server, "POST", "/", body=body)[3]

    record(path, agent, '{"a": 1}')
    with pytest.raises(DivergenceError) as caught:
        replayed(path, agent, '{"a": 2}')
    assert caught.value.asked.body == b'{"a": 2}'
    value, result = replayed(path, agent, '{"a": 2}', on_divergence="live")
    assert (value, result.live) == (b"ok", 1)


def test_connections_in_threads_get_their_own_answers(path: Path, server: Server) -> None:
    for number in range(8):
        server.on(f"/{number}", answer(b"%d" % number))

    def agent() -> Any:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda number: alone(server, "GET", f"/{number}")[3], range(8)))

    assert check(path, agent) == [b"%d" % number for number in range(8)]


def test_httplib2_replays_with_redirects_errors_and_kept_connections(path: Path, server: Server) -> None:
    server.on("/from", answer(b"", "Location: /to", status="302 Found"))
    server.on("/to", answer(b"here", "X-Own: 1"))
    nobody = unused_port()

    def agent() -> Any:
        client = httplib2.Http(timeout=DEADLINE)
        response, content = client.request(f"{server.url}/from")
        again, posted = client.request(f"{server.url}/to", "POST", body="text")
        with pytest.raises(ConnectionRefusedError):
            client.request(f"http://127.0.0.1:{nobody}/")
        with pytest.raises(httplib2.ServerNotFoundError):
            client.request("http://no.such.host.invalid/")
        client.close()
        return response.status, response["x-own"], response.previous.status, content, again.status, posted

    assert check(path, agent, gone=server.stop) == (200, "1", 302, b"here", 200, b"here")


def test_xmlrpc_replays(path: Path, server: Server) -> None:
    body = xmlrpc.client.dumps((42,), methodresponse=True).encode()
    server.on("/RPC2", answer(body, "Content-Type: text/xml"))

    def agent() -> Any:
        with xmlrpc.client.ServerProxy(f"{server.url}/RPC2") as proxy:
            return proxy.answer()

    assert check(path, agent, gone=server.stop) == 42


def test_outside_a_session_connections_are_the_librarys_own(server: Server) -> None:
    server.on("/", answer(b"plain"))
    one = connection(server)
    assert asked(one, "GET", "/")[3] == b"plain"
    assert one.sock is not None
    one.close()
