from __future__ import annotations

import http.cookiejar
import io
import threading
import urllib.error
import urllib.request

import pytest

from replay.events import End
from tests.taps.fake import Tape, play, record
from tests.taps.server import CHUNKED, CLOSE, DEADLINE, LAST, RESET, Server, answer, chunk, head, unused_port


def test_the_program_has_the_first_chunk_before_the_server_sends_the_second(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    def agent(tape: Tape) -> list[bytes]:
        with urllib.request.urlopen(url, timeout=DEADLINE) as response:
            pieces = [response.read1()]
            tape.log.append("first")
            seen.set()
            return [*pieces, response.read1(), response.read1()]

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == [b"first", b"second", b""]
    assert tape.calls[0].bodies == [b"first", b"second"]
    assert tape.calls[0].ending == "complete"


@pytest.mark.parametrize(
    "read",
    [
        lambda response: response.read(),
        lambda response: [response.read(4), response.read()],
        lambda response: response.readlines(),
        lambda response: [response.readline(), response.readline(3), response.read()],
        lambda response: [*response],
        lambda response: [response.peek(), response.read()],
        lambda response: (response.readinto(into := bytearray(9)), bytes(into)),
    ],
)
@pytest.mark.parametrize("chunked", [True, False])
def test_every_way_to_read_gives_the_same(server: Server, read, chunked) -> None:
    framed = head(CHUNKED) + chunk(b"one\ntw") + chunk(b"o\nthree") + LAST
    url = server.on("/", framed if chunked else answer(b"one\ntwo\nthree"))

    def agent(tape: Tape):
        with urllib.request.urlopen(url, timeout=DEADLINE) as response:
            return read(response)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value


def test_the_answer_tells_about_itself_as_a_real_one(server: Server) -> None:
    url = server.on("/", answer(b"x", "X-Many: one", "X-Many: two", status="201 Made It"))

    def agent(tape: Tape):
        with urllib.request.urlopen(url) as response:
            return (
                response.status,
                response.reason,
                response.msg,
                response.version,
                response.headers.get_all("X-Many"),
                response.getheader("x-many"),
                response.getcode(),
                response.geturl(),
                response.length,
            )

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value


def test_an_early_close_is_kept_as_closed_with_what_came(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    def agent(tape: Tape) -> bytes:
        with urllib.request.urlopen(url, timeout=DEADLINE) as response:
            first: bytes = response.read1()
        seen.set()
        return first

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == b"first"
    assert tape.calls[0].ending == "closed"


@pytest.mark.parametrize("cut", [RESET, CLOSE])
def test_a_body_that_breaks_raises_the_same_error_after_the_same_bytes(server: Server, cut) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first") + b"64\r\npart", seen, cut)

    def agent(tape: Tape):
        response = urllib.request.urlopen(url, timeout=DEADLINE)
        pieces = [response.read(5), response.read1(4)]
        seen.set()
        with pytest.raises(Exception) as caught:
            response.read()
        response.close()
        return pieces, type(caught.value), str(caught.value)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert value[0] == [b"first", b"part"]
    assert tape.calls[0].ending == "broken"


@pytest.mark.parametrize(
    "url", [f"http://127.0.0.1:{unused_port()}/", "http://no.such.host.invalid/"], ids=["refused", "unknown"]
)
def test_a_connection_that_cannot_be_made_fails_with_the_same_reason(url: str) -> None:
    def agent(tape: Tape):
        with pytest.raises(urllib.error.URLError) as caught:
            urllib.request.urlopen(url, timeout=DEADLINE)
        reason = caught.value.reason
        return str(caught.value), type(reason), reason.args, reason.errno

    tape, value = record(agent)
    assert play(tape, agent) == value
    assert tape.calls[0].ending == "failed"


def test_a_time_out_before_the_head_is_the_same_time_out(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", never)

    def agent(tape: Tape):
        with pytest.raises(TimeoutError) as caught:
            urllib.request.urlopen(url, timeout=0.05)
        return str(caught.value)

    tape, value = record(agent)
    never.set()
    assert play(tape, agent) == value


def test_an_error_status_is_an_error_with_its_body(server: Server) -> None:
    url = server.on("/", answer(b"busy", "Retry-After: 1", status="429 Too Many Requests"))

    def agent(tape: Tape):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url)
        with caught.value as error:
            return error.code, error.reason, error.headers["Retry-After"], error.read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == (429, "Too Many Requests", "1", b"busy")


def test_redirects_are_followed_with_cookies_and_each_hop_crosses(server: Server) -> None:
    url = server.on("/from", answer(b"gone", "Location: /to", "Set-Cookie: a=1", status="302 Found"))
    server.on("/to", answer(b"here"))

    def agent(tape: Tape):
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        with opener.open(url) as response:
            return response.read(), response.geturl(), [cookie.name for cookie in jar]

    tape, value = record(agent)
    assert server.headers[1]["cookie"] == "a=1"
    server.stop()
    assert play(tape, agent) == value == (b"here", server.url + "/to", ["a"])
    assert len(tape.calls) == 2


def test_a_body_that_ends_with_the_connection_is_complete(server: Server) -> None:
    url = server.on("/", head(version="HTTP/1.0") + b"until the end", CLOSE)

    def agent(tape: Tape):
        with urllib.request.urlopen(url) as response:
            return response.read(), response.version

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == (b"until the end", 10)
    assert tape.calls[0].answer.end == End()


@pytest.mark.parametrize(
    "body", [lambda: b"one two", lambda: io.BytesIO(b"one two"), lambda: (piece for piece in (b"one", b" two"))]
)
def test_a_body_of_any_shape_is_sent_and_kept_whole(server: Server, body) -> None:
    url = server.on("/path?q=1", answer(b"ok"))

    def agent(tape: Tape):
        request = urllib.request.Request(url + "#fragment", data=body(), headers={"X-Own": "1"})
        with urllib.request.urlopen(request) as response:
            return response.read()

    tape, value = record(agent)
    assert server.requests == [("POST", "/path?q=1", b"one two")]
    asked = tape.calls[0].request
    assert (asked.action, asked.target, asked.body, asked.header("x-own")) == ("POST", url, b"one two", "1")
    server.stop()
    assert play(tape, agent) == value == b"ok"


def test_outside_a_session_nothing_is_kept_and_all_works(server: Server) -> None:
    url = server.on("/", answer(b"plain"))
    with urllib.request.urlopen(url) as response:
        assert response.read() == b"plain"
