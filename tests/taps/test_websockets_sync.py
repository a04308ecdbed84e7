from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import websockets
import websockets.sync.client
from websockets.sync.client import connect

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


def told(url: str, *said: str | bytes) -> list[str | bytes]:
    with connect(url) as connection:
        heard = []
        for one in said:
            connection.send(one)
            heard.append(connection.recv())
        return heard


def test_a_talk_is_replayed_when_the_server_is_gone_without_a_thread(path: Path) -> None:
    def agent(url: str) -> Any:
        with connect(url, subprotocols=["other", SUBPROTOCOL], additional_headers={"X-Own": "1"}) as connection:
            connection.send("hello")
            connection.send([b"\0a", b"bc"])
            heard = [connection.recv(), connection.recv()]
            connection.send("\0text")
            heard.append(connection.recv(decode=False))
            connection.send("in one")
            heard.append(list(connection.recv_streaming()))
            heard.append(connection.ping().wait(DEADLINE))
            about = (connection.subprotocol, connection.response.status_code, connection.request.headers["X-Own"])
        return heard, about, connection.close_code, connection.close_reason, connection.state

    with serving("tests.taps.websocket_server") as server:
        value = check(path, agent, server.url, gone=server.stop)
    assert value[0] == ["echo hello", b"cba\0", b"echo \0text", ["echo in one"], True]
    assert value[1:4] == ((SUBPROTOCOL, 101, "1"), 1000, "")
    before = threading.active_count()
    replayed(path, lambda url: connect(url, subprotocols=["other", SUBPROTOCOL]), server.url)
    assert threading.active_count() == before


@pytest.mark.parametrize("way", ["/quit", "drop"])
def test_an_end_by_the_server_is_the_same_error_with_the_same_frames(path: Path, echo: Server, way: str) -> None:
    def agent(url: str) -> Any:
        heard: list[Any] = []
        with connect(url) as connection:
            if way == "drop":
                connection.send("drop")
            with pytest.raises(websockets.ConnectionClosed) as caught:
                while True:
                    heard.append(connection.recv())
            with pytest.raises(websockets.ConnectionClosed) as again:
                connection.send("is anybody there?")
        return heard, closed(caught.value), closed(again.value), connection.close_code

    value = check(path, agent, echo.url + (way if way == "/quit" else ""))
    assert value[3] == (4001 if way == "/quit" else 1006)


def test_what_is_sent_into_a_closed_connection_fails_again(path: Path, echo: Server) -> None:
    def agent(url: str) -> Any:
        with connect(f"{url}/quit") as connection:
            connection.recv_events_thread.join(DEADLINE) if connection.__dict__.get("recv_events_thread") else None
            with pytest.raises(websockets.ConnectionClosedError) as caught:
                connection.send("too late")
            return closed(caught.value), connection.recv()

    value = check(path, agent, echo.url)
    assert value[1] == "bye"


def test_time_limits_pass_as_often_as_they_did_and_an_iteration_ends(path: Path, echo: Server) -> None:
    def agent(url: str) -> list[Any]:
        heard: list[Any] = []
        with connect(f"{url}/count") as connection:
            for message in connection:
                heard.append(message)
                if message == "2":
                    break
            for _ in range(2):
                with pytest.raises(TimeoutError) as caught:
                    connection.recv(timeout=0.01)
                heard.append(str(caught.value))
            connection.send("now")
            return [*heard, connection.recv(timeout=DEADLINE)]

    assert check(path, agent, echo.url)[-1] == "echo now"


@pytest.mark.parametrize("way", ["refused", "/no"])
def test_a_handshake_that_fails_does_so_again(path: Path, echo: Server, way: str) -> None:
    url = f"ws://127.0.0.1:{unused_port()}/" if way == "refused" else echo.url + way

    def agent() -> Any:
        with pytest.raises((websockets.InvalidStatus, OSError)) as caught:
            connect(url)
        error = caught.value
        return (
            type(error),
            str(error),
            getattr(error, "errno", None),
            getattr(error, "response", None)
            and (
                error.response.status_code,
                bytes(error.response.body),
            ),
        )

    value = check(path, agent)
    assert value[0] is (ConnectionRefusedError if way == "refused" else websockets.InvalidStatus)


def test_many_talks_in_threads_get_their_own_answers(path: Path, echo: Server) -> None:
    def agent(url: str) -> Any:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda number: told(url, "same", f"own {number}", "same"), range(6)))

    value = check(path, agent, echo.url)
    assert value == [["echo same", f"echo own {number}", "echo same"] for number in range(6)]


def test_a_changed_message_diverges_and_cannot_go_live(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one", "two")
    with pytest.raises(DivergenceError) as caught:
        replayed(path, told, echo.url, "one", "TWO")
    assert caught.value.asked.body == b"TWO"
    with pytest.raises(PolicyError, match="middle of a connection"):
        replayed(path, told, echo.url, "one", "TWO", on_divergence="live")
    value, result = replayed(path, told, echo.url, "one", "TWO", on_divergence="nearest")
    assert value == ["echo one", "echo two"]
    assert result.nearest == 1


def test_who_waits_for_a_message_that_never_came_diverges(path: Path, echo: Server) -> None:
    def agent(size: int) -> Any:
        connection = connect(echo.url)
        connection.send("one")
        return connection, [connection.recv() for _ in range(size)]

    connection, _ = record(path, agent, 1)
    connection.send("after the session")
    assert connection.recv() == "echo after the session"
    connection.close()
    with pytest.raises(DivergenceError, match="waits for more"):
        replayed(path, agent, 3)
    (connection, heard), result = replayed(path, agent, 1)
    assert heard == ["echo one"]
    assert result.identical, result
    with pytest.raises(websockets.ConnectionClosedError):
        connection.send("after the session")
    connection.close()


def test_what_was_not_sent_again_is_left_over(path: Path, echo: Server) -> None:
    record(path, told, echo.url, "one")

    def agent(url: str) -> Any:
        with connect(url) as connection:
            return connection.recv()

    value, result = replayed(path, agent, echo.url)
    assert value == "echo one"
    assert len(result.unused) == 1
    assert not result.identical


def test_secrets_are_not_kept_and_the_programs_own_is_put_back(path: Path, echo: Server) -> None:
    def agent(url: str) -> Any:
        bearer = {"Authorization": f"Bearer {KEY}"}
        with connect(url, subprotocols=[f"key.{KEY}", SUBPROTOCOL], additional_headers=bearer) as connection:
            connection.send(f"my key is {KEY}")
            return connection.subprotocol, connection.recv()

    assert check(path, agent, echo.url) == (SUBPROTOCOL, f"echo my key is {KEY}")
    assert KEY.encode() not in everything(path)
    assert b"Bearer" in everything(path)


def test_connect_is_tapped_under_whatever_name_it_is_known() -> None:
    assert connect is websockets.sync.client.connect
    assert hasattr(connect, "__replay_original__")


def test_outside_a_session_connections_are_the_librarys_own(echo: Server) -> None:
    assert told(echo.url, "one") == ["echo one"]
