from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

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


async def told(url: str, *said: str) -> list[str]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as connection:
        heard = []
        for one in said:
            await connection.send_str(one)
            heard.append(await connection.receive_str())
        return heard


def test_a_talk_is_replayed_when_the_server_is_gone(path: Path) -> None:
    async def agent(url: str) -> Any:
        async with aiohttp.ClientSession(headers={"X-Own": "1"}) as session:
            protocols = ("other", SUBPROTOCOL)
            async with session.ws_connect(url.replace("ws:", "http:"), protocols=protocols, heartbeat=5) as connection:
                await connection.send_json({"a": 1})
                await connection.send_bytes(b"\0abc")
                heard = [await connection.receive_str(), await connection.receive_bytes()]
                with pytest.raises(TimeoutError):
                    await connection.receive(timeout=0.02)
                await connection.ping()
                await connection.send_str("\0text")
                heard.append((await connection.receive(timeout=DEADLINE)).data)
                protocol = connection.protocol
            return heard, protocol, connection.close_code, connection.closed, connection.exception()

    with serving("tests.taps.websocket_server") as server:
        value = check(path, agent, server.url, gone=server.stop)
    assert value == (['echo {"a": 1}', b"cba\0", "echo \0text"], SUBPROTOCOL, 1006, True, None)
    connection, *said = replay.open(path).events
    assert (connection.request.action, connection.request.target.rstrip("/")) == ("GET", server.url)
    assert [event.request.action for event in said] == ["SEND", "SEND", "SEND", "CLOSE"]
    assert {event.parent for event in said} == {connection.id}


@pytest.mark.parametrize("way", ["/quit", "drop"])
def test_an_end_by_the_server_ends_the_iteration_with_the_same_code(path: Path, echo: Server, way: str) -> None:
    async def agent(url: str) -> Any:
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as connection:
            if way == "drop":
                await connection.send_str("drop")
            heard = [message.data async for message in connection]
            last = await connection.receive()
            return heard, connection.close_code, last.type, repr(connection.exception())

    value = check(path, agent, echo.url + (way if way == "/quit" else ""))
    assert value[:2] == ((["bye"], 4001) if way == "/quit" else ([], 1006))


@pytest.mark.parametrize("way", ["refused", "/no"])
def test_a_handshake_that_fails_does_so_again(path: Path, echo: Server, way: str) -> None:
    url = f"ws://127.0.0.1:{unused_port()}/" if way == "refused" else echo.url + way

    async def agent() -> Any:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError) as caught:
                await session.ws_connect(url)
            return type(caught.value), str(caught.value), getattr(caught.value, "status", None)

    value = check(path, agent)
    assert value[0] is (aiohttp.ClientConnectorError if way == "refused" else aiohttp.WSServerHandshakeError)
    assert value[2] == (None if way == "refused" else 403)


def test_many_talks_at_the_same_time_get_their_own_answers(path: Path, echo: Server) -> None:
    async def agent(url: str) -> Any:
        order: list[Any] = []

        async def talk(number: int) -> None:
            for heard in await told(url, "same", f"own {number}"):
                order.append((number, heard))

        await asyncio.gather(*[talk(number) for number in range(6)])
        return order

    value = check(path, agent, echo.url)
    assert sorted(value) == sorted([(n, said) for n in range(6) for said in ("echo same", f"echo own {n}")])


def test_a_changed_message_diverges_and_cannot_go_live(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one", "two")
    with pytest.raises(DivergenceError) as caught:
        replayed(path, told, echo.url, "one", "TWO")
    assert caught.value.asked.body == b"TWO"
    with pytest.raises(PolicyError, match="middle of a connection"):
        replayed(path, told, echo.url, "one", "TWO", on_divergence="live")
    value, result = replayed(path, told, echo.url, "one", "TWO", on_divergence="nearest")
    assert (value, result.nearest) == (["echo one", "echo two"], 1)


def test_secrets_are_not_kept_and_the_programs_own_is_put_back(path: Path, echo: Server) -> None:
    async def agent(url: str) -> Any:
        bearer = {"Authorization": f"Bearer {KEY}"}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=(f"key.{KEY}", SUBPROTOCOL), headers=bearer) as connection,
        ):
            await connection.send_str(f"my key is {KEY}")
            return connection.protocol, await connection.receive_str()

    assert check(path, agent, echo.url) == (SUBPROTOCOL, f"echo my key is {KEY}")
    assert KEY.encode() not in everything(path)


def test_outside_a_session_connections_are_the_librarys_own(echo: Server) -> None:
    assert asyncio.run(told(echo.url, "one")) == ["echo one"]
