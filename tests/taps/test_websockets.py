from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

import replay
from replay.errors import DivergenceError, PolicyError
from tests.secrets.searching import everything
from tests.taps.crossed import check, record, replayed
from tests.taps.own_process import Server, serving
from tests.taps.server import DEADLINE, unused_port
from tests.taps.websocket_server import KEY, SUBPROTOCOL


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with serving("tests.taps.websocket_server") as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


def closed(error: websockets.ConnectionClosed) -> tuple[Any, ...]:
    return type(error), str(error), error.rcvd, error.sent, error.rcvd_then_sent, repr(error.__cause__)


async def told(url: str, *said: str | bytes) -> list[str | bytes]:
    async with connect(url) as connection:
        heard = []
        for one in said:
            await connection.send(one)
            heard.append(await connection.recv())
        return heard


def test_a_talk_is_replayed_when_the_server_is_gone(path: Path) -> None:
    async def agent(url: str) -> Any:
        async with connect(url, subprotocols=["other", SUBPROTOCOL], additional_headers={"X-Own": "1"}) as connection:
            await connection.send("hello")
            first = await connection.recv()
            await connection.send(b"\0abc")
            second = await connection.recv()
            await connection.send("\0text")
            third = await connection.recv(decode=False)
            about = (connection.subprotocol, connection.response.status_code, connection.request.headers["X-Own"])
        return first, second, third, about, connection.close_code, connection.close_reason, connection.state

    with serving("tests.taps.websocket_server") as server:
        value = check(path, agent, server.url, gone=server.stop)
    assert value[:4] == ("echo hello", b"cba\0", b"echo \0text", (SUBPROTOCOL, 101, "1"))
    assert value[4:6] == (1000, "")


def test_each_message_is_an_event_with_its_time(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one", "two")
    connection, *said = replay.open(path).events
    assert (connection.request.action, connection.request.target) == ("GET", echo.url)
    assert [(event.request.action, event.request.body) for event in said] == [
        ("SEND", b"one"),
        ("SEND", b"two"),
        ("CLOSE", b"1000"),
    ]
    assert {event.parent for event in said} == {connection.id}
    assert connection.answer.end.ending == "complete"
    times = [connection.at, connection.answer.head_at, *[chunk.at for chunk in connection.answer.chunks]]
    assert len(times) == 5
    assert times == sorted(times)
    assert len(set(times)) == 5
    steps = replay.open(path).steps
    assert [step.name.partition(" < ")[2] for step in steps] == ["", "", "", "close"]
    assert steps[0].value == "echo one\necho two\n[closed: 1000]"


@pytest.mark.parametrize("way", ["/quit", "drop"])
def test_an_end_by_the_server_is_the_same_error_with_the_same_frames(path: Path, echo: Server, way: str) -> None:
    async def agent(url: str) -> Any:
        heard: list[Any] = []
        async with connect(url) as connection:
            if way == "drop":
                await connection.send("drop")
            with pytest.raises(websockets.ConnectionClosed) as caught:
                while True:
                    heard.append(await connection.recv())
            with pytest.raises(websockets.ConnectionClosed) as again:
                await connection.send("is anybody there?")
        return heard, closed(caught.value), closed(again.value), connection.close_code

    value = check(path, agent, echo.url + (way if way == "/quit" else ""))
    assert value[3] == (4001 if way == "/quit" else 1006)


def test_messages_that_nobody_asked_for_come_in_an_iteration(path: Path, echo: Server) -> None:
    async def agent(url: str) -> list[Any]:
        heard = []
        async with connect(url + "/count") as connection:
            async for message in connection:
                heard.append(message)
                if message == "2":
                    await connection.close(1001, "thanks")
        return [*heard, connection.close_code, connection.close_reason]

    assert check(path, agent, echo.url) == ["0", "1", "2", 1001, "thanks"]


def test_a_time_limit_passes_again_and_the_next_message_is_none_the_worse(path: Path, echo: Server) -> None:
    async def agent(url: str) -> list[Any]:
        async with connect(url) as connection:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connection.recv(), 0.02)
            await connection.send("now")
            return [await connection.recv()]

    assert check(path, agent, echo.url) == ["echo now"]


def test_pings_are_answered_and_fragments_are_one_message(path: Path, echo: Server) -> None:
    async def agent(url: str) -> list[Any]:
        async with connect(url, ping_interval=0.01) as connection:
            latency = await asyncio.wait_for(await connection.ping(), DEADLINE)
            await connection.send(["in ", "pieces"])
            return [latency >= 0, [piece async for piece in connection.recv_streaming()]]

    assert check(path, agent, echo.url) == [True, ["echo in pieces"]]


@pytest.mark.parametrize("way", ["refused", "/no", "/moved"])
def test_a_handshake_that_fails_or_is_redirected_does_so_again(path: Path, echo: Server, way: str) -> None:
    url = f"ws://127.0.0.1:{unused_port()}/" if way == "refused" else echo.url + way

    async def agent() -> Any:
        try:
            async with connect(url) as connection:
                await connection.send("there")
                return await connection.recv()
        except websockets.InvalidStatus as error:
            return type(error), str(error), error.response.status_code, bytes(error.response.body)
        except OSError as error:
            return type(error), str(error), error.errno

    value = check(path, agent)
    assert value == "echo there" if way == "/moved" else value[0] in (websockets.InvalidStatus, ConnectionRefusedError)


def test_many_talks_at_the_same_time_get_their_own_answers(path: Path, echo: Server) -> None:
    async def agent(url: str) -> Any:
        order: list[Any] = []

        async def listen(connection: ClientConnection, number: int) -> None:
            async for message in connection:
                order.append((number, message))
                if message == "echo end":
                    return

        async def talk(number: int) -> None:
            async with connect(url) as connection, asyncio.TaskGroup() as group:
                group.create_task(listen(connection, number))
                for one in ("same", f"own {number}", "end"):
                    await connection.send(one)

        await asyncio.gather(*[talk(number) for number in range(8)])
        return order

    value = check(path, agent, echo.url)
    for number in range(8):
        heard = [message for of, message in value if of == number]
        assert heard == ["echo same", f"echo own {number}", "echo end"]


def test_a_changed_message_is_a_divergence_that_names_it(path: Path, echo: Server) -> None:
    record(path, told, echo.url, '{"say": "one"}', '{"say": "two"}')
    with pytest.raises(DivergenceError) as caught:
        replayed(path, told, echo.url, '{"say": "one"}', '{"say": "TWO"}')
    assert caught.value.asked.body == b'{"say": "TWO"}'
    assert "test_websockets.py" in str(caught.value)


def test_a_changed_message_cannot_go_live_but_nearest_goes_on(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one", "two")
    with pytest.raises(PolicyError, match="middle of a connection"):
        replayed(path, told, echo.url, "one", "TWO", on_divergence="live")
    value, result = replayed(path, told, echo.url, "one", "TWO", on_divergence="nearest")
    assert value == ["echo one", "echo two"]
    assert (len(result.divergences), result.nearest) == (1, 1)


def test_another_connection_goes_live_as_a_whole(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one")
    value, result = replayed(path, told, f"{echo.url}/?other", "one", on_divergence="live")
    assert value == ["echo one"]
    assert result.live == 3


def test_who_waits_for_a_message_that_never_came_diverges(path: Path, echo: Server) -> None:
    async def agent(url: str, more: bool) -> Any:
        connection = await connect(url)
        await connection.send("one")
        heard = [await connection.recv()]
        return [*heard, await connection.recv()] if more else heard

    record(path, agent, echo.url, False)
    with pytest.raises(DivergenceError, match="waits for more"):
        replayed(path, agent, echo.url, True)


def test_secrets_in_headers_and_messages_are_not_kept_and_matching_holds(path: Path, echo: Server) -> None:
    async def agent(url: str) -> list[Any]:
        bearer = {"Authorization": f"Bearer {KEY}"}
        async with connect(url, subprotocols=[SUBPROTOCOL, f"key.{KEY}"], additional_headers=bearer) as connection:
            await connection.send(json.dumps({"type": "session.update", "key": KEY}))
            heard = [await connection.recv()]
            await connection.send("leak")
            return [connection.subprotocol, heard, [await connection.recv() for _ in range(3)]]

    value = record(path, agent, echo.url)
    again, result = replayed(path, agent, echo.url)
    assert result.identical, result
    assert again[:2] == value[:2]  # the program's own key is put back
    assert [message.count("delta") for message in again[2]] == [2, 2, 2]
    kept = everything(path)
    assert KEY.encode() not in kept
    assert KEY[9:20].encode() not in kept


def test_a_connection_to_a_host_let_through_is_no_event(path: Path, echo: Server) -> None:
    record(path, lambda: None)
    value, result = replayed(path, told, echo.url, "one", allow_hosts=["127.0.0.1"])
    assert value == ["echo one"]
    assert result.identical, result


def test_outside_a_session_connections_are_the_librarys_own(echo: Server) -> None:
    assert asyncio.run(told(echo.url, "one")) == ["echo one"]
