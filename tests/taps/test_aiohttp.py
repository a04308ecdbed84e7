from __future__ import annotations

import asyncio
import gzip
import io
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from replay.events import End
from tests.taps.fake import Tape, crossing
from tests.taps.fake import play as play_sync
from tests.taps.fake import record as record_sync
from tests.taps.server import CHUNKED, CLOSE, LAST, RESET, Server, answer, chunk, head, unused_port

Agent = Callable[[Tape], Coroutine[Any, Any, Any]]


def record(agent: Agent) -> tuple[Tape, Any]:
    return record_sync(lambda tape: asyncio.run(agent(tape)))


def play(source: Tape, agent: Agent) -> Any:
    return play_sync(source, lambda tape: asyncio.run(agent(tape)))


def test_the_program_has_the_first_chunk_before_the_server_sends_the_second(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    async def agent(tape: Tape) -> list[Any]:
        pieces = []
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            async for piece in response.content.iter_chunks():
                tape.log.append(piece)
                pieces.append(piece)
                seen.set()
        return pieces

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == [(b"first", True), (b"second", True)]
    assert tape.calls[0].bodies == [b"first", b"second"]
    assert tape.calls[0].ending == "complete"


def test_an_http_chunk_that_comes_in_pieces_ends_where_it_ended(server: Server) -> None:
    gates = [threading.Event() for _ in range(3)]
    url = server.on(
        "/", head(CHUNKED) + b"6\r\none", gates[0], b"two\r\n", gates[1], b"3\r\nend", gates[2], b"\r\n" + LAST
    )

    async def agent(tape: Tape) -> list[Any]:
        pieces = []
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            async for piece in response.content.iter_chunks():
                gates[len(pieces)].set()
                pieces.append(piece)
                tape.log.append(piece)
        return pieces

    gates.append(threading.Event())
    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == [(b"one", False), (b"two", True), (b"end", False), (b"", True)]
    assert tape.calls[0].answer.body == b"onetwoend"


async def _collect(stream: Any) -> list[Any]:
    return [piece async for piece in stream]


async def _by_line(content: Any) -> list[bytes]:
    lines = []
    while not content.at_eof():
        lines.append(await content.readline())
    return lines


async def _after_eof(content: Any) -> bytes:
    await content.wait_eof()
    data: bytes = content.read_nowait()
    return data


@pytest.mark.parametrize(
    "read",
    [
        lambda response: response.json(content_type=None),
        lambda response: response.text(),
        lambda response: response.read(),
        lambda response: response.content.read(7),
        lambda response: response.content.readexactly(7),
        lambda response: response.content.readuntil(b"two"),
        lambda response: _collect(response.content),
        lambda response: _collect(response.content.iter_any()),
        lambda response: _collect(response.content.iter_chunks()),
        lambda response: _collect(response.content.iter_chunked(5)),
        lambda response: _by_line(response.content),
        lambda response: _after_eof(response.content),
    ],
)
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_every_way_to_read_a_body_gives_the_same(server: Server, read, framing, encoding) -> None:
    import zlib

    plain = b'{"one": 1,\n "two": [2]}\n'
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](plain)
    field = f"Content-Encoding: {encoding}"
    script = {
        "chunked": (head(field, CHUNKED) + chunk(body[:20]) + chunk(body[20:]) + LAST,),
        "length": (answer(body, field),),
        "close": (head(field) + body, CLOSE),
    }[framing]
    url = server.on("/", *script)

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await read(response)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert body.startswith(tape.calls[0].answer.body)


def test_a_program_that_wants_raw_bytes_gets_them(server: Server) -> None:
    body = gzip.compress(b"plain")
    url = server.on("/", answer(body, "Content-Encoding: gzip"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession(auto_decompress=False) as session, session.get(url) as response:
            return await response.read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == body


def test_a_body_that_does_not_decompress_is_the_same_payload_error(server: Server) -> None:
    url = server.on("/", answer(b"this is no gzip", "Content-Encoding: gzip"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            with pytest.raises(aiohttp.ClientPayloadError) as caught:
                await response.read()
            return str(caught.value)

    without_us = asyncio.run(agent(Tape()))
    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == without_us


def test_a_large_body_that_unpacks_to_far_more_is_whole(server: Server) -> None:
    plain = b"0123456789abcdef" * 200_000
    url = server.on("/", answer(gzip.compress(plain), "Content-Encoding: gzip"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == plain


def test_an_early_close_is_kept_as_closed_with_what_came(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    async def agent(tape: Tape) -> bytes:
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as response:
                first: bytes = await response.content.readany()
            seen.set()
            with pytest.raises(aiohttp.ClientConnectionError, match="Connection closed"):
                await response.content.readany()
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

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            first = await response.content.readany()
            seen.set()
            with pytest.raises(aiohttp.ClientPayloadError) as caught:
                await response.content.readany()
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.content.readany()
        return first, str(caught.value)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert value[0] == b"first"
    assert tape.calls[0].ending == "broken"


@pytest.mark.parametrize(
    "url", [f"http://127.0.0.1:{unused_port()}/", "http://no.such.host.invalid/"], ids=["refused", "unknown"]
)
def test_a_connection_that_cannot_be_made_fails_with_the_same_class(url: str) -> None:
    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get(url)
        error = caught.value
        return type(error), str(error), error.host, error.port, type(error.os_error), error.errno

    tape, value = record(agent)
    assert play(tape, agent) == value
    assert tape.calls[0].ending == "failed"


def test_a_server_that_hangs_up_is_the_same_error_and_a_second_exchange(server: Server) -> None:
    url = server.on("/", CLOSE)

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ServerDisconnectedError) as caught:
                await session.get(url)
        return str(caught.value)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert len(tape.calls) == len(server.requests) == 2  # aiohttp tries an idempotent call again


def test_an_answer_that_is_no_http_is_the_same_error(server: Server) -> None:
    url = server.on("/", b"what?\r\n\r\n", CLOSE)

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientResponseError) as caught:
                await session.get(url)
        return caught.value.status, caught.value.message, str(caught.value)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value


def test_a_time_out_of_the_socket_is_the_same_time_out(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), never)

    async def agent(tape: Tape) -> Any:
        timeout = aiohttp.ClientTimeout(sock_read=0.05)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            first = await response.content.readany()
            with pytest.raises(aiohttp.SocketTimeoutError) as caught:
                await response.content.readany()
        return first, str(caught.value)

    tape, value = record(agent)
    never.set()
    assert play(tape, agent) == value


def test_a_call_given_up_before_its_answer_is_given_up_again(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", never)

    async def agent(tape: Tape) -> str:
        async with aiohttp.ClientSession() as session:
            task = asyncio.create_task(session.get(url))
            while not tape.calls:
                await asyncio.sleep(0)
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return "gave up"

    tape, value = record(agent)
    never.set()
    assert tape.calls[0].ending == "closed"
    with crossing(Tape(tape)) as again:
        assert asyncio.run(agent(again)) == value


def test_a_read_given_up_loses_nothing(server: Server) -> None:
    seen = threading.Event()
    url = server.on("/", head(CHUNKED) + chunk(b"first"), seen, chunk(b"second") + LAST)

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            first = await response.content.readany()
            task = asyncio.create_task(response.content.readany())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            seen.set()
            return first, await response.content.read()

    with crossing(Tape()) as tape:
        assert asyncio.run(agent(tape)) == (b"first", b"second")


def test_redirects_keep_their_history_and_their_cookies(server: Server) -> None:
    url = server.on("/from", answer(b"gone", "Location: /to", "Set-Cookie: a=1", "Set-Cookie: b=2", status="302 Found"))
    server.on("/to", answer(b'{"ok": true}', "X-Many: one", "x-many: two", "Content-Type: application/json"))

    async def agent(tape: Tape) -> Any:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session, session.get(url) as response:
            return (
                await response.json(),
                [(one.status, str(one.url), sorted(one.cookies)) for one in response.history],
                sorted((cookie.key, cookie.value) for cookie in jar),
                response.headers.getall("X-Many"),
                response.raw_headers,
                response.reason,
                response.version,
                str(response.url),
                response.content_type,
                response.method,
            )

    tape, value = record(agent)
    assert server.headers[1]["cookie"] == "a=1; b=2"
    server.stop()
    assert play(tape, agent) == value
    assert value[1] == [(302, url, ["a", "b"])]
    assert value[3] == ["one", "two"]
    assert len(tape.calls) == 2


def test_an_error_status_is_raised_as_asked(server: Server) -> None:
    url = server.on("/", answer(b"busy", status="429 Too Many Requests"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            with pytest.raises(aiohttp.ClientResponseError) as caught:
                await session.get(url)
        return caught.value.status, caught.value.message, str(caught.value)

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value


def test_the_programs_own_middlewares_lie_outside(server: Server) -> None:
    url = server.on("/", answer(b"busy", status="429 Too Many Requests"))
    server.on("/", answer(b"done"))

    async def again(request: Any, handler: Any) -> Any:
        request.headers["X-Own"] = "1"
        response = await handler(request)
        return await handler(request) if response.status == 429 else response

    async def agent(tape: Tape) -> str:
        async with aiohttp.ClientSession(middlewares=[again]) as session, session.get(url) as response:
            return await response.text()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == "done"
    assert [call.request.header("x-own") for call in tape.calls] == ["1", "1"]


def test_a_body_read_to_its_end_gives_its_connection_back(server: Server) -> None:
    url = server.on("/", head(CHUNKED) + chunk(b"one") + LAST)

    async def agent(tape: Tape) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                async with session.get(url) as response:
                    assert await response.read() == b"one"

    record(agent)
    assert server.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_is_complete_with_its_head(server: Server, status: str) -> None:
    url = server.on("/", head(status=status))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value
    assert tape.calls[0].answer.end == End()


def test_a_head_request_keeps_the_length_it_asked_for(server: Server) -> None:
    url = server.on("/", head("Content-Length: 1000"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.head(url) as response:
            return response.content_length, await response.read()

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == (1000, b"")


async def _pieces() -> Any:
    yield b"one"
    yield b" two"


@pytest.mark.parametrize(
    "body",
    [
        lambda: {"data": b"one two"},
        lambda: {"data": "one two"},
        lambda: {"data": {"one": "two"}},
        lambda: {"json": {"one": "two"}},
        lambda: {"data": io.BytesIO(b"one two")},
        lambda: {"data": _pieces()},
    ],
)
def test_a_body_of_any_shape_is_sent_and_kept_whole(server: Server, body) -> None:
    url = server.on("/path?q=1", answer(b"ok"))

    async def agent(tape: Tape) -> Any:
        async with aiohttp.ClientSession() as session, session.post(url, **body()) as response:
            return await response.text()

    tape, value = record(agent)
    sent = server.requests[0][2]
    assert sent in (b"one two", b"one=two", b'{"one": "two"}')
    assert tape.calls[0].request.body == sent
    assert tape.calls[0].request.target == url
    server.stop()
    assert play(tape, agent) == value == "ok"


def test_a_form_with_a_file_is_sent_and_kept_whole(server: Server) -> None:
    url = server.on("/", answer(b"ok"))

    async def agent(tape: Tape) -> None:
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"content"), filename="a.txt")
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
            await response.read()

    tape, _ = record(agent)
    assert b"content" in server.requests[0][2]
    assert tape.calls[0].request.body == server.requests[0][2]


def test_calls_in_flight_together_each_get_their_own_answer(server: Server) -> None:
    gates = [threading.Event() for _ in range(4)]
    urls = [server.on(f"/{number}", gate, answer(b"%d" % number)) for number, gate in enumerate(gates)]

    async def agent(tape: Tape) -> list[str]:
        async def fetch(session: aiohttp.ClientSession, url: str) -> str:
            async with session.get(url) as response:
                return await response.text()

        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.create_task(fetch(session, url)) for url in urls]
            for task, gate in reversed(list(zip(tasks, gates, strict=True))):
                gate.set()
                await task
            return [task.result() for task in tasks]

    with crossing(Tape()) as tape:
        assert asyncio.run(agent(tape)) == ["0", "1", "2", "3"]
    assert [call.answer.body for call in tape.calls] == [b"0", b"1", b"2", b"3"]


def test_a_websocket_handshake_that_is_refused_is_one_exchange(server: Server) -> None:
    url = server.on("/", answer(status="403 Forbidden"))

    async def agent(tape: Tape) -> int:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(url)
        return caught.value.status

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == 403
    assert [call.request.target for call in tape.calls] == [url.replace("http:", "ws:")]


def test_through_httpx_aiohttp_a_call_is_kept_once(server: Server) -> None:
    import httpx
    import httpx_aiohttp

    url = server.on("/", head(CHUNKED) + chunk(b"one") + chunk(b"two") + LAST)

    async def agent(tape: Tape) -> str:
        async with httpx.AsyncClient(transport=httpx_aiohttp.AiohttpTransport()) as client:
            return (await client.get(url)).text

    tape, value = record(agent)
    server.stop()
    assert play(tape, agent) == value == "onetwo"
    assert len(tape.calls) == 1


def test_two_readers_at_once_are_refused_as_ever(server: Server) -> None:
    never = threading.Event()
    url = server.on("/", head(CHUNKED), never)

    async def agent(tape: Tape) -> None:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            task = asyncio.create_task(response.content.readany())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another coroutine"):
                await response.content.readany()
            task.cancel()

    record(agent)
    never.set()


def test_outside_a_session_nothing_is_kept_and_all_works(server: Server) -> None:
    url = server.on("/", answer(gzip.compress(b"plain"), "Content-Encoding: gzip"))

    async def agent() -> str:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.text()

    assert asyncio.run(agent()) == "plain"
