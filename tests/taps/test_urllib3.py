from __future__ import annotations

import gzip
import io
import threading

import pytest
import requests
import urllib3

from replay.events import End
from tests.taps.fake import Tape, crossing, play, record
from tests.taps.server import CHUNKED, CLOSE, DEADLINE, LAST, RESET, Server, answer, chunk, head, unused_port


def test_the_program_has_the_first_chunk_before_the_server_sends_the_second(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    def agent(tape: Tape) -> list[bytes]:
        pieces = []
        for piece in requests.get(url, stream=True, timeout=DEADLINE).iter_content(None):
            tape.log.append(piece)
            pieces.append(piece)
            seen.set()
        return pieces

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == [b"first", b"second"]
    assert tape.calls[0].bodies == [b"first", b"second"]


def test_a_body_of_known_length_is_streamed_too(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head("Content-Length: 11") + b"first", seen, b"second")

    def agent(tape: Tape) -> list[bytes]:
        response = urllib3.request("GET", url, preload_content=False, timeout=DEADLINE)
        pieces = [response.read1()]
        tape.log.append("first")
        seen.set()
        return [*pieces, response.read()]

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == [b"first", b"second"]
    assert tape.calls[0].ending == "complete"


def _file_of(response: requests.Response) -> io.BufferedReader:
    response.raw.auto_close = False
    response.raw.decode_content = True
    return io.BufferedReader(response.raw)


@pytest.mark.parametrize(
    "read",
    [
        lambda response: response.json(),
        lambda response: response.text,
        lambda response: [*response.iter_lines()],
        lambda response: [*response.iter_content(4)],
        lambda response: [*response.iter_content(1)],
        lambda response: [*response.raw.stream(7)],
        lambda response: [*response.raw],
        lambda response: response.raw.read(decode_content=False),
        lambda response: [response.raw.read(3), response.raw.read1(2), response.raw.read()],
        lambda response: _file_of(response).readlines(),
    ],
)
@pytest.mark.parametrize("chunked", [True, False])
def test_every_way_to_read_a_compressed_body_gives_the_same(server: Server, read, chunked) -> None:
    body = gzip.compress(b'{"one": 1,\n "two": [2]}\n')
    halves = chunk(body[:20]) + chunk(body[20:]) + LAST
    encoded = "Content-Encoding: gzip"
    url = server.on("/", head(encoded, CHUNKED) + halves if chunked else answer(body, encoded))

    def agent(tape: Tape):
        return read(requests.get(url, stream=True, timeout=DEADLINE))

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert tape.calls[0].answer.body == body


def test_a_preloaded_body_is_there_at_once_and_its_connection_is_used_again(server: Server) -> None:
    url = server.on("/", answer(b"one"))

    def agent(tape: Tape) -> list[bytes]:
        with urllib3.PoolManager() as pool:
            return [pool.request("GET", url).data, pool.request("GET", url).data]

    tape, value = record(agent)
    assert server.connections == 1
    server.stop()
    assert play(tape, agent) == value == [b"one", b"one"]


def test_a_body_read_to_its_end_gives_its_connection_back(server: Server) -> None:
    url = server.on("/", head(CHUNKED) + chunk(b"one") + LAST)
    with crossing(Tape()), requests.Session() as session:
        for _ in range(3):
            assert b"".join(session.get(url, stream=True).iter_content(2)) == b"one"
    assert server.connections == 1


def test_a_replayed_call_leaves_the_pool_fit_for_real_ones(server: Server) -> None:
    url = server.on("/", answer(b"one"))
    with urllib3.PoolManager(num_pools=1, maxsize=1, block=True) as pool:
        tape, _ = record(lambda tape: pool.request("GET", url).data)
        play(tape, lambda tape: pool.request("GET", url, preload_content=False).read())
        assert pool.request("GET", url).data == b"one"
    assert len(server.requests) == 2


def test_an_early_close_is_kept_as_closed_with_what_came(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    def agent(tape: Tape) -> bytes:
        with requests.get(url, stream=True, timeout=DEADLINE) as response:
            first = next(response.iter_content(None))
        tape.log.append("closed")
        seen.set()
        return first

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == b"first"
    assert tape.calls[0].ending == "closed"
    assert tape.calls[0].bodies == [b"first"]


@pytest.mark.parametrize("cut", [RESET, CLOSE])
@pytest.mark.parametrize("framing", [CHUNKED, "Content-Length: 100"])
def test_a_body_that_breaks_raises_the_same_error_after_the_same_bytes(server: Server, cut, framing) -> None:
    seen = threading.Event()
    first = chunk(b"first") if framing == CHUNKED else b"first"
    url = server.on("/", head(framing) + first, seen, cut)

    def agent(tape: Tape):
        response = urllib3.request("GET", url, preload_content=False, timeout=DEADLINE, retries=False)
        pieces = []
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            while piece := response.read1(100):
                pieces.append(piece)
                seen.set()
        return pieces, str(caught.value), type(caught.value.__cause__)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert value[0] == [b"first"]
    assert tape.calls[0].ending == "broken"


def test_a_time_out_within_a_body_is_the_same_time_out(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), never)

    def agent(tape: Tape):
        with pytest.raises(requests.exceptions.ConnectionError) as caught:
            requests.get(url, timeout=(DEADLINE, 0.05))
        return str(caught.value).replace(str(server.port), "")

    tape, value = record(agent)
    never.set()
    server.stop()
    assert play(tape, agent) == value
    assert "Read timed out" in value


def test_a_time_out_before_the_head_is_the_same_time_out(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", never)

    def agent(tape: Tape):
        with pytest.raises(requests.exceptions.ReadTimeout) as caught:
            requests.get(url, timeout=(DEADLINE, 0.05))
        return str(caught.value)

    tape, value = record(agent)
    never.set()
    assert play(tape, agent) == value
    assert tape.calls[0].ending == "failed"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (f"http://127.0.0.1:{unused_port()}/", urllib3.exceptions.NewConnectionError),
        ("http://no.such.host.invalid/", urllib3.exceptions.NameResolutionError),
    ],
    ids=["refused", "unknown"],
)
def test_a_connection_that_cannot_be_made_fails_with_the_same_class(url: str, error: type[Exception]) -> None:
    def agent(tape: Tape):
        with pytest.raises(requests.exceptions.ConnectionError) as caught:
            requests.get(url, timeout=DEADLINE)
        reason = caught.value.args[0].reason
        assert type(reason) is error
        assert isinstance(reason.conn, urllib3.connection.HTTPConnection)
        return str(reason)

    tape, value = record(agent)
    assert play(tape, agent) == value
    assert tape.calls[0].ending == "failed"


def test_a_server_that_hangs_up_without_a_word_is_the_same_error(server: Server) -> None:
    url = server.on("/", CLOSE)

    def agent(tape: Tape):
        with pytest.raises(requests.exceptions.ConnectionError) as caught:
            requests.get(url, timeout=DEADLINE)
        return str(caught.value), type(caught.value.args[0].args[1])

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value


def test_each_retry_within_one_call_is_an_exchange_of_its_own(server: Server) -> None:
    busy = answer(b"busy", status="429 Too Many Requests")
    url = server.on("/", busy)
    server.on("/", busy)
    server.on("/", answer(b"done"))

    def agent(tape: Tape):
        retry = urllib3.Retry(3, status_forcelist=[429], backoff_factor=0)
        with requests.Session() as session:
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
            response = session.get(url)
        return response.status_code, response.text, len(response.raw.retries.history)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == (200, "done", 2)
    assert [call.answer.head.status for call in tape.calls] == [429, 429, 200]


def test_redirects_keep_their_history_and_their_cookies(server: Server) -> None:
    url = server.on("/from", answer(b"", "Location: /to", "Set-Cookie: a=1", "Set-Cookie: b=2", status="302 Found"))
    server.on("/to", answer(b'{"ok": true}', "X-Many: one", "x-many: two"))

    def agent(tape: Tape):
        with requests.Session() as session:
            response = session.get(url)
            assert response.elapsed.total_seconds() >= 0
            return (
                response.json(),
                [one.status_code for one in response.history],
                session.cookies.get_dict(),
                response.raw.headers.getlist("X-Many"),
                response.reason,
                response.raw.version,
                response.url,
            )

    tape, value = record(agent)
    assert server.headers[1]["cookie"] == "a=1; b=2"
    server.stop()
    assert play(tape, agent) == value
    assert value[2:4] == ({"a": "1", "b": "2"}, ["one", "two"])
    assert tape.calls[1].answer.head.headers[:2] == (("X-Many", "one"), ("x-many", "two"))


def test_urllib3_follows_redirects_by_itself_and_each_hop_crosses(server: Server) -> None:
    url = server.on("/from", answer(b"gone", "Location: /to", status="303 See Other"))
    server.on("/to", answer(b"here"))
    tape, value = record(lambda tape: urllib3.request("POST", url, body=b"x").data)
    server.stop()
    assert play(tape, lambda tape: urllib3.request("POST", url, body=b"x").data) == value == b"here"
    assert [call.request.action for call in tape.calls] == ["POST", "GET"]


def test_a_body_that_ends_with_the_connection_is_complete(server: Server) -> None:
    url = server.on("/", head(version="HTTP/1.0") + b"until the end", CLOSE)

    def agent(tape: Tape):
        response = requests.get(url)
        return response.content, response.raw.version

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == (b"until the end", 10)
    assert tape.calls[0].answer.end == End()


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_is_complete_with_its_head(server: Server, status: str) -> None:
    url = server.on("/", head(status=status))
    tape, value = record(lambda tape: requests.get(url, stream=True).status_code)
    server.stop()
    assert play(tape, lambda tape: requests.get(url, stream=True).status_code) == value
    assert tape.calls[0].answer.end == End()


def test_a_head_request_keeps_the_length_it_asked_for(server: Server) -> None:
    url = server.on("/", head("Content-Length: 1000"))
    tape, value = record(lambda tape: requests.head(url).headers["Content-Length"])
    server.stop()
    assert play(tape, lambda tape: requests.head(url).headers["Content-Length"]) == value == "1000"


def _bodies():
    yield "bytes", lambda: b"one two"
    yield "text", lambda: "one two"
    yield "form", lambda: {"one": "two"}
    yield "file", lambda: io.BytesIO(b"one two")
    yield "generator", lambda: (piece for piece in (b"one", b" two"))


@pytest.mark.parametrize("body", [pytest.param(make, id=name) for name, make in _bodies()])
def test_a_body_of_any_shape_is_sent_and_kept_whole(server: Server, body) -> None:
    url = server.on("/", answer(b"ok"))
    tape, value = record(lambda tape: requests.post(url, data=body()).text)
    sent = server.requests[0][2]
    assert sent in (b"one two", b"one=two")
    assert tape.calls[0].request.body == sent
    assert tape.calls[0].request.target == url
    server.stop()
    assert play(tape, lambda tape: requests.post(url, data=body()).text) == value == "ok"


def test_a_file_posted_with_a_form_is_kept_as_it_was_sent(server: Server) -> None:
    url = server.on("/", answer(b"ok"))
    record(lambda tape: requests.post(url, files={"f": ("a.txt", io.BytesIO(b"content"))}))
    assert b"content" in server.requests[0][2]


def test_threads_that_share_a_session_each_get_their_own_answer(server: Server) -> None:
    urls = [server.on(f"/{number}", answer(str(number).encode())) for number in range(8)]
    with crossing(Tape()) as tape, requests.Session() as session:
        values: dict[str, str] = {}
        threads = [threading.Thread(target=lambda url=url: values.update({url: session.get(url).text})) for url in urls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert values == {url: url.rpartition("/")[2] for url in urls}
    assert sorted(call.answer.body for call in tape.calls) == [str(number).encode() for number in range(8)]


def test_outside_a_session_nothing_is_kept_and_all_works(server: Server) -> None:
    url = server.on("/", answer(b"plain"))
    assert requests.get(url).text == "plain"


def test_a_divergence_flies_through_urllib3_and_gives_the_connection_back() -> None:
    from replay.errors import StopReplay

    with urllib3.HTTPConnectionPool("127.0.0.1", 1, maxsize=1, block=True) as pool:
        for _ in range(3):
            with crossing(Tape(source=Tape())), pytest.raises(StopReplay):
                pool.request("GET", "/", retries=5, pool_timeout=0.1)


def test_a_tunnel_through_a_proxy_is_opened_live_and_not_on_replay(server: Server) -> None:
    proxy = f"http://127.0.0.1:{unused_port()}"

    def agent(tape: Tape):
        with urllib3.ProxyManager(proxy) as pool, pytest.raises(urllib3.exceptions.MaxRetryError) as caught:
            pool.request("GET", "https://example.invalid/x", retries=0)
        return type(caught.value.reason), str(caught.value)

    tape, value = record(agent)
    assert tape.calls[0].request.target == "https://example.invalid/x"
    assert tape.calls[0].ending == "failed"
    assert play(tape, agent) == value


def test_through_a_plain_proxy_the_target_is_the_origin(server: Server) -> None:
    server.on("http://example.invalid/x", answer(b"by proxy"))

    def agent(tape: Tape):
        with urllib3.ProxyManager(server.url) as pool:
            return pool.request("GET", "http://example.invalid/x").data

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == b"by proxy"
    assert tape.calls[0].request.target == "http://example.invalid/x"


def test_boto3_works_through_it(server: Server) -> None:
    import boto3

    path = "/model/some.model/invoke"
    server.on(path, answer(b"", "x-amzn-errortype: ThrottlingException", status="429 Too Many Requests"))
    server.on(path, answer(b'{"said": "hello"}', "Content-Type: application/json"))

    def agent(tape: Tape) -> bytes:
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
        return client.invoke_model(modelId="some.model", body=b'{"say": "hello"}')["body"].read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == b'{"said": "hello"}'
    assert [call.answer.head.status for call in tape.calls] == [429, 200]
    assert tape.calls[1].request.body == b'{"say": "hello"}'
