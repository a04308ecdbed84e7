from __future__ import annotations

import gc
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

import replay
from replay.dialects.grpc import frame
from replay.errors import DivergenceError, PolicyError
from tests.secrets.searching import everything
from tests.taps.crossed import check, record, replayed
from tests.taps.grpc_server import SERVICE, dumps, loads
from tests.taps.own_process import Server, serving
from tests.taps.server import DEADLINE, unused_port

KEY = "sk-proj-" + "Zq7xK2mNp9Rt4Vw8Yb3Cd6Fg1Hj5L0As"


@pytest.fixture(scope="module")
def shop() -> Iterator[Server]:
    with serving("tests.taps.grpc_server") as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


def failed(error: grpc.RpcError) -> tuple[Any, ...]:
    return type(error).__name__, error.code(), error.details(), tuple(error.trailing_metadata()), str(error)


class Shop:
    """The four kinds of methods."""

    def __init__(self, host: str, *interceptors: Any) -> None:
        self.channel = grpc.insecure_channel(host)
        channel = grpc.intercept_channel(self.channel, *interceptors) if interceptors else self.channel
        self.answer = channel.unary_unary(f"{SERVICE}Answer", dumps, loads)
        self.count = channel.unary_stream(f"{SERVICE}Count", dumps, loads)
        self.sum = channel.stream_unary(f"{SERVICE}Sum", dumps, loads)
        self.echo = channel.stream_stream(f"{SERVICE}Echo", dumps, loads)

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()


def answered(host: str, *asked: Any) -> list[Any]:
    with Shop(host) as shop:
        return [shop.answer(one, metadata=(("x-own", "7"),), timeout=DEADLINE) for one in asked]


def test_every_kind_of_call_is_replayed_when_the_server_is_gone(path: Path) -> None:
    def agent(host: str) -> Any:
        with Shop(host) as shop:
            grpc.channel_ready_future(shop.channel).result(DEADLINE)
            value, call = shop.answer.with_call({"a": 1})
            later = shop.answer.future({"b": 2})
            stream = shop.count({"upto": 3})
            return (
                (
                    value,
                    call.code(),
                    call.details(),
                    tuple(call.initial_metadata())[:1],
                    tuple(call.trailing_metadata()),
                ),
                (later.result(DEADLINE), later.code(), later.exception()),
                (list(stream), stream.code(), tuple(stream.initial_metadata())),
                shop.sum({"number": number} for number in range(4)),
                list(shop.echo(iter(["one", "two"]))),
            )

    with serving("tests.taps.grpc_server") as server:
        value = check(path, agent, server.host, gone=server.stop)
    assert value[0][0] == {"said": {"a": 1}, "by": ""}
    assert value[0][3:] == ((("x-first", "1"),), (("x-last", "2"), ("x-last", "3")))
    assert value[0][4][0].key == "x-last"
    assert value[2] == ([{"number": n} for n in range(3)], grpc.StatusCode.OK, (("x-first", "1"),))
    assert value[3:] == ({"sum": 6}, [{"echo": "one"}, {"echo": "two"}])


def test_a_status_that_is_no_success_is_the_same_error(path: Path, shop: Server) -> None:
    def agent(host: str) -> Any:
        told = []
        with Shop(host) as shop:
            with pytest.raises(grpc.RpcError) as caught:
                shop.answer({"fail": "NOT_FOUND"})
            told.append(failed(caught.value))
            got = []
            with pytest.raises(grpc.RpcError) as caught:
                for one in shop.count({"upto": 2, "fail": True}):
                    got.append(one)
            return [*told, got, failed(caught.value)]

    value = check(path, agent, shop.host)
    assert value[0][:3] == ("_InactiveRpcError", grpc.StatusCode.NOT_FOUND, "it\nis NOT_FOUND")
    assert value[1] == [{"number": 0}, {"number": 1}]
    assert value[2][1:4] == (grpc.StatusCode.RESOURCE_EXHAUSTED, "no more", (("x-last", "2"),))
    steps = replay.open(path).steps
    assert [step.status for step in steps] == ["error", "error"]
    assert steps[0].error == "NOT_FOUND: it\nis NOT_FOUND"


def test_a_deadline_and_a_server_that_is_not_there_are_the_same_status(path: Path, shop: Server) -> None:
    nobody = f"127.0.0.1:{unused_port()}"

    def agent(host: str) -> Any:
        told = []
        for place, asked, limit in ((host, {"wait": 5}, 0.05), (nobody, {}, DEADLINE)):
            with Shop(place) as shop, pytest.raises(grpc.RpcError) as caught:
                shop.answer(asked, timeout=limit)
            told.append((caught.value.code(), caught.value.details()))
        return told

    value = check(path, agent, shop.host)
    assert [code for code, _ in value] == [grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE]


def test_a_stream_that_is_given_up_is_cancelled_at_the_same_place(path: Path, shop: Server) -> None:
    def agent(host: str) -> Any:
        with Shop(host) as shop:
            stream = shop.count({"upto": 1_000_000})
            got = [next(stream), next(stream)]
            stream.cancel()
            with pytest.raises(grpc.RpcError) as caught:
                next(stream)
            return got, caught.value.code(), stream.cancelled()

    assert check(path, agent, shop.host) == ([{"number": 0}, {"number": 1}], grpc.StatusCode.CANCELLED, True)
    assert replay.open(path).event(0).answer.end.ending == "closed"


def test_a_talk_goes_back_and_forth_from_the_programs_own_iterator(path: Path, shop: Server) -> None:
    def agent(host: str) -> Any:
        said: queue.Queue[Any] = queue.Queue()
        said.put("one")
        heard = []
        with Shop(host) as shop:
            with pytest.raises(grpc.RpcError) as caught:
                for one in shop.echo(iter(said.get, None)):
                    heard.append(one)
                    said.put("enough" if len(heard) == 3 else f"and {len(heard)}")
            said.put(None)
            return heard, caught.value.code(), caught.value.details()

    value = check(path, agent, shop.host)
    assert value[0] == [{"echo": "one"}, {"echo": "and 1"}, {"echo": "and 2"}]
    events = list(replay.open(path).events)
    assert [(event.request.action, event.parent) for event in events][:3] == [("POST", None), ("SEND", 0), ("SEND", 0)]
    assert events[1].request.body == frame(b'"one"')


def test_calls_in_threads_get_their_own_answers(path: Path, shop: Server) -> None:
    def agent(host: str) -> Any:
        with Shop(host) as shop, ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda number: shop.answer({"number": number % 3})["said"], range(20)))

    assert check(path, agent, shop.host) == [{"number": number % 3} for number in range(20)]


def test_interceptors_are_the_programs_own_and_run_again(path: Path, shop: Server) -> None:
    class Counting(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        calls = 0

        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            self.calls += 1
            return continuation(details, {**request, "call": self.calls})

    def agent(host: str) -> Any:
        counting = Counting()
        with Shop(host, counting) as shop:
            return [shop.answer({"a": 1})["said"] for _ in range(2)], counting.calls

    assert check(path, agent, shop.host) == ([{"a": 1, "call": 1}, {"a": 1, "call": 2}], 2)


def test_a_changed_message_is_a_divergence_and_may_go_live(path: Path, shop: Server) -> None:
    record(path, answered, shop.host, {"a": 1}, {"a": 2})
    with pytest.raises(DivergenceError) as caught:
        replayed(path, answered, shop.host, {"a": 1}, {"a": 3})
    assert caught.value.asked.body == frame(b'{"a": 3}')
    assert "Answer" in str(caught.value)
    value, result = replayed(path, answered, shop.host, {"a": 1}, {"a": 3}, on_divergence="live")
    assert [one["said"] for one in value] == [{"a": 1}, {"a": 3}]
    assert (result.served, result.live) == (1, 1)


def test_a_stream_that_is_asked_otherwise_is_a_divergence_and_nothing_is_left_of_it(path: Path, shop: Server) -> None:
    def agent(host: str, size: int) -> Any:
        with Shop(host) as shop:
            return list(shop.count({"upto": size}))

    record(path, agent, shop.host, 2)
    with pytest.raises(DivergenceError):
        replayed(path, agent, shop.host, 3)
    gc.collect()  # what is raised in a finaliser fails this test


def test_a_changed_message_in_a_stream_is_a_divergence_that_cannot_go_live(path: Path, shop: Server) -> None:
    def agent(host: str, *said: str) -> Any:
        with Shop(host) as shop:
            return list(shop.echo(iter(said)))

    record(path, agent, shop.host, "one", "two")
    with pytest.raises(DivergenceError) as caught:
        replayed(path, agent, shop.host, "one", "TWO")
    assert caught.value.asked.body == frame(b'"TWO"')
    with pytest.raises(PolicyError, match="middle of a connection"):
        replayed(path, agent, shop.host, "one", "TWO", on_divergence="live")


def test_secrets_in_metadata_and_messages_are_not_kept_and_lengths_stay_true(path: Path, shop: Server) -> None:
    def agent(host: str) -> Any:
        with Shop(host) as shop:
            return shop.answer({"key": KEY}, metadata=(("authorization", f"Bearer {KEY}"), ("x-own", KEY)))

    assert check(path, agent, shop.host) == {"said": {"key": KEY}, "by": KEY}
    assert KEY.encode() not in everything(path)
    (event,) = replay.open(path).events
    assert int.from_bytes(event.answer.body[1:5], "big") == event.answer.body.index(b"\x80") - 5


def test_steps_are_named_after_the_method_and_show_the_messages(path: Path, shop: Server) -> None:
    record(path, answered, shop.host, {"a": 1})
    (step,) = replay.open(path).steps
    assert step.name == f"gRPC {shop.host}/shop.Shop/Answer"
    assert (step.arguments, step.status) == ("""'{"a": 1}'""", "ok")
    assert step.value == """'{"said": {"a": 1}, "by": "7"}'"""


def test_outside_a_session_and_to_hosts_let_through_calls_are_the_librarys_own(path: Path, shop: Server) -> None:
    assert answered(shop.host, {"a": 1}) == [{"said": {"a": 1}, "by": "7"}]
    record(path, lambda: None)
    value, result = replayed(path, answered, shop.host, {"a": 1}, allow_hosts=["127.0.0.1"])
    assert value == [{"said": {"a": 1}, "by": "7"}]
    assert result.identical, result
