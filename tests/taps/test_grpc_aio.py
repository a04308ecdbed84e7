from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
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


class Shop:
    """The four kinds of methods."""

    def __init__(self, host: str, *interceptors: Any) -> None:
        self.channel = grpc.aio.insecure_channel(host, interceptors=interceptors)
        self.answer = self.channel.unary_unary(f"{SERVICE}Answer", dumps, loads)
        self.count = self.channel.unary_stream(f"{SERVICE}Count", dumps, loads)
        self.sum = self.channel.stream_unary(f"{SERVICE}Sum", dumps, loads)
        self.echo = self.channel.stream_stream(f"{SERVICE}Echo", dumps, loads)

    async def __aenter__(self) -> Shop:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()


async def answered(host: str, *asked: Any) -> list[Any]:
    async with Shop(host) as shop:
        return [await shop.answer(one, metadata=(("x-own", "7"),), timeout=DEADLINE) for one in asked]


async def spoken(host: str, *said: str) -> list[Any]:
    async with Shop(host) as shop:
        call = shop.echo()
        heard = []
        for one in said:
            await call.write(one)
            heard.append(await call.read())
        await call.done_writing()
        return [*heard, await call.read() is grpc.aio.EOF, await call.code()]


async def pieces(*said: str) -> AsyncIterator[str]:
    for one in said:
        yield one


def test_every_kind_of_call_is_replayed_when_the_server_is_gone(path: Path) -> None:
    async def agent(host: str) -> Any:
        async with Shop(host) as shop:
            await shop.channel.channel_ready()
            call = shop.answer({"a": 1}, timeout=DEADLINE)
            stream = shop.count({"upto": 3})
            total = shop.sum()
            for number in range(4):
                await total.write({"number": number})
            await total.done_writing()
            return (
                (await call, await call.code(), tuple(await call.initial_metadata())[:1]),
                tuple(await call.trailing_metadata()),
                ([one async for one in stream], await stream.code(), tuple(await stream.initial_metadata())),
                await total,
                await shop.sum({"number": number} for number in range(3)),
                [one async for one in shop.echo(pieces("one", "two"))],
            )

    with serving("tests.taps.grpc_server") as server:
        value = check(path, agent, server.host, gone=server.stop)
    assert value[0] == ({"said": {"a": 1}, "by": ""}, grpc.StatusCode.OK, (("x-first", "1"),))
    assert value[1] == (("x-last", "2"), ("x-last", "3"))
    assert value[2] == ([{"number": n} for n in range(3)], grpc.StatusCode.OK, (("x-first", "1"),))
    assert value[3:] == ({"sum": 6}, {"sum": 3}, [{"echo": "one"}, {"echo": "two"}])


def test_errors_are_the_librarys_own_with_code_details_and_metadata(path: Path, shop: Server) -> None:
    nobody = f"127.0.0.1:{unused_port()}"

    async def agent(host: str) -> Any:
        told = []
        asked: Any = [(host, {"fail": "NOT_FOUND"}, DEADLINE), (host, {"wait": 5}, 0.05), (nobody, {}, DEADLINE)]
        for place, one, limit in asked:
            async with Shop(place) as shop:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await shop.answer(one, timeout=limit)
                error = caught.value
                told.append((error.code(), error.details(), tuple(error.trailing_metadata()), str(error)))
        async with Shop(host) as shop:
            got = []
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for one in shop.count({"upto": 2, "fail": True}):
                    got.append(one)
            call = shop.echo()
            await call.write("enough")
            with pytest.raises(grpc.aio.AioRpcError) as enough:
                await call.read()
        return told, got, caught.value.code(), enough.value.details()

    value = check(path, agent, shop.host)
    assert value[0][0][:2] == (grpc.StatusCode.NOT_FOUND, "it\nis NOT_FOUND")
    assert [one[0] for one in value[0][1:]] == [grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE]
    assert value[1:] == ([{"number": 0}, {"number": 1}], grpc.StatusCode.RESOURCE_EXHAUSTED, "enough")


def test_what_the_program_gives_up_is_given_up_again(path: Path, shop: Server) -> None:
    async def agent(host: str) -> Any:
        async with Shop(host) as shop:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(shop.answer({"wait": 5}), 0.05)
            stream = shop.count({"upto": 1_000_000})
            got = [await stream.read(), await stream.read()]
            stream.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stream.read()
            return got, await stream.code()

    assert check(path, agent, shop.host) == ([{"number": 0}, {"number": 1}], grpc.StatusCode.CANCELLED)
    assert [event.answer.end.ending for event in replay.open(path).events] == ["closed", "closed"]


def test_calls_in_tasks_get_their_own_answers_in_the_same_order(path: Path, shop: Server) -> None:
    async def agent(host: str) -> Any:
        order = []

        async def ask(shop: Shop, number: int) -> None:
            order.append((number, (await shop.answer({"number": number % 3}))["said"]))

        async with Shop(host) as shop:
            await asyncio.gather(*[ask(shop, number) for number in range(20)])
        return order

    value = check(path, agent, shop.host)
    assert sorted(value) == [(number, {"number": number % 3}) for number in range(20)]


def test_interceptors_are_the_programs_own_and_run_again(path: Path, shop: Server) -> None:
    class Counting(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        calls = 0

        async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            self.calls += 1
            return await continuation(details, {**request, "call": self.calls})

    async def agent(host: str) -> Any:
        counting = Counting()
        async with Shop(host, counting) as shop:
            return [(await shop.answer({"a": 1}))["said"] for _ in range(2)], counting.calls

    assert check(path, agent, shop.host) == ([{"a": 1, "call": 1}, {"a": 1, "call": 2}], 2)


def test_a_changed_message_is_a_divergence_that_goes_live_only_where_it_is_alone(path: Path, shop: Server) -> None:
    record(path, answered, shop.host, {"a": 1}, {"a": 2})
    with pytest.raises(DivergenceError) as caught:
        replayed(path, answered, shop.host, {"a": 1}, {"a": 3})
    assert caught.value.asked.body == frame(b'{"a": 3}')
    value, result = replayed(path, answered, shop.host, {"a": 1}, {"a": 3}, on_divergence="live")
    assert [one["said"] for one in value] == [{"a": 1}, {"a": 3}]
    assert (result.served, result.live) == (1, 1)
    assert check(path, spoken, shop.host, "one", "two") == [{"echo": "one"}, {"echo": "two"}, True, grpc.StatusCode.OK]
    with pytest.raises(DivergenceError) as caught:
        replayed(path, spoken, shop.host, "one", "TWO")
    assert caught.value.asked.body == frame(b'"TWO"')
    with pytest.raises(PolicyError, match="middle of a connection"):
        replayed(path, spoken, shop.host, "one", "TWO", on_divergence="live")


def test_secrets_are_not_kept_and_the_programs_own_is_put_back(path: Path, shop: Server) -> None:
    async def agent(host: str) -> Any:
        async with Shop(host) as shop:
            return await shop.answer({"key": KEY}, metadata=(("authorization", f"Bearer {KEY}"), ("x-own", KEY)))

    assert check(path, agent, shop.host) == {"said": {"key": KEY}, "by": KEY}
    assert KEY.encode() not in everything(path)


def test_outside_a_session_calls_are_the_librarys_own(shop: Server) -> None:
    assert asyncio.run(answered(shop.host, {"a": 1})) == [{"said": {"a": 1}, "by": "7"}]
