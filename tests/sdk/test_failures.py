"""What goes wrong while a program reads goes wrong again on replay: same class, same words, same bytes before it."""

from __future__ import annotations

import asyncio
import functools
import gc
import urllib.request
from typing import Any

import aiohttp
import anthropic
import httpx
import httpx2
import openai
import pytest
import requests

from replay import DivergenceError
from replay.testing import Reply
from tests.sdk import anthropic_agents, openai_agents
from tests.sdk.stage import World, check, play, record
from tests.taps.server import unused_port

NOWHERE = f"http://127.0.0.1:{unused_port()}"
IMPATIENT = 0.15
"""Seconds. The server never answers, so that this is also how long a recording takes."""


def by_httpx(module: Any, url: str) -> Any:
    read: list[bytes] = []
    try:
        with module.Client(timeout=IMPATIENT) as client, client.stream("GET", url) as response:
            read.extend(response.iter_raw())
    except Exception as error:
        return _seen(error), read
    return None, read


async def by_httpx_async(module: Any, url: str) -> Any:
    read: list[bytes] = []
    try:
        async with module.AsyncClient(timeout=IMPATIENT) as client, client.stream("GET", url) as response:
            async for piece in response.aiter_raw():
                read.append(piece)
    except Exception as error:
        return _seen(error), read
    return None, read


def by_requests(url: str) -> Any:
    read: list[bytes] = []
    try:
        with requests.get(url, stream=True, timeout=IMPATIENT) as response:
            for piece in response.iter_content(None):
                read.append(piece)
    except Exception as error:
        return _seen(error), read
    return None, read


def by_urllib(url: str) -> Any:
    read: list[bytes] = []
    try:
        with urllib.request.urlopen(url, timeout=IMPATIENT) as response:
            read.extend(iter(response.read1, b""))
    except Exception as error:
        return _seen(error), read
    return None, read


async def by_aiohttp(url: str) -> Any:
    read: list[bytes] = []
    patience = aiohttp.ClientTimeout(sock_read=IMPATIENT, sock_connect=5)
    try:
        async with aiohttp.ClientSession(timeout=patience) as session, session.get(url) as response:
            async for piece in response.content.iter_any():
                read.append(piece)
    except Exception as error:
        return _seen(error), read
    return None, read


def _seen(error: BaseException) -> Any:
    """What a program can see of an error, and of the ones it came from."""
    seen = [(type(error).__module__, type(error).__qualname__, str(error))]
    cause = error.__cause__ if isinstance(error, (openai.APIError, anthropic.APIError)) else None
    return [*seen, type(cause).__qualname__] if cause else seen


CLIENTS = [
    pytest.param(functools.partial(by_httpx, httpx), id="httpx"),
    pytest.param(functools.partial(by_httpx_async, httpx), id="httpx-async"),
    pytest.param(functools.partial(by_httpx, httpx2), id="httpx2"),
    pytest.param(functools.partial(by_httpx_async, httpx2), id="httpx2-async"),
    pytest.param(by_requests, id="requests"),
    pytest.param(by_urllib, id="urllib"),
    pytest.param(by_aiohttp, id="aiohttp"),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("path", ["/refused", "/short", "/cut", "/reset"])
def test_a_connection_that_breaks_breaks_again_at_the_same_byte(client, path, world: World) -> None:
    error, read = check(lambda world: client(world.web.url + path), world)
    assert error or path == "/short", "only urllib's read1 takes a short body for a whole one"
    if path in ("/cut", "/reset"):
        assert b"".join(read) == b"one\ntwo\n"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_refused_connection_is_refused_again(client, world: World) -> None:
    error, read = check(lambda world: client(NOWHERE), world)
    assert error and not read


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("end", ["hang", "stall"])
def test_a_timeout_is_a_timeout_again(client, end, world: World) -> None:
    world.models.script([Reply(body="x" * 64, split=32, end=end, after=1)])
    error, read = check(lambda world: client(f"{world.url}/orders/7"), world)
    assert "time" in repr(error).lower()
    assert len(b"".join(read)) in ((0, 32) if end == "stall" else (0,))


# Through the SDKs ----------------------------------------------------------------------------------------------------


def chat_stream(world: World) -> Any:
    read: list[Any] = []
    with openai_agents.client(world, timeout=IMPATIENT) as client:
        try:
            for chunk in client.chat.completions.create(**openai_agents.CHAT, stream=True):
                read.append(chunk.model_dump())
        except Exception as error:
            return _seen(error), read


async def chat_stream_async(world: World) -> Any:
    read: list[Any] = []
    async with openai_agents.aclient(world, timeout=IMPATIENT) as client:
        try:
            async for chunk in await client.chat.completions.create(**openai_agents.CHAT, stream=True):
                read.append(chunk.model_dump())
        except Exception as error:
            return _seen(error), read


def messages_stream(world: World) -> Any:
    read: list[Any] = []
    with anthropic_agents.client(world, timeout=IMPATIENT) as client:
        try:
            for event in client.messages.create(**anthropic_agents.HELLO, stream=True):
                read.append(event.model_dump())
        except Exception as error:
            return _seen(error), read


@pytest.mark.parametrize("agent", [chat_stream, chat_stream_async, messages_stream])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(end="refuse"),
        Reply(end="hang"),
        Reply(end="reset", after=3),
        Reply(end="cut", after=3),
        Reply(end="stall", after=3),
        Reply(status=429),
        Reply(status=500),
    ],
    ids=lambda reply: f"{reply.end}-{reply.status}",
)
def test_an_sdk_raises_the_same_error_after_the_same_events(agent, reply, world: World) -> None:
    world.models.script([reply])
    error, read = check(agent, world)
    assert error
    assert bool(read) == (reply.after > 0)


# Streams that the program itself gives up on -------------------------------------------------------------------------


def break_out(world: World) -> Any:
    read = []
    with openai_agents.client(world) as client:
        for chunk in client.chat.completions.create(**openai_agents.CHAT, stream=True):
            read.append(chunk.model_dump())
            if len(read) == 2:
                break
        return read, client.chat.completions.create(**openai_agents.CHAT).id


def close_early(world: World) -> Any:
    with (
        openai_agents.client(world) as client,
        client.responses.create(**openai_agents.RESPONSES, stream=True) as stream,
    ):
        return next(iter(stream)).type


def break_out_amid_collections(world: World) -> Any:
    """A dropped stream is closed by the garbage collector: here at every chance, also inside the recorder."""
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        return break_out(world)
    finally:
        gc.set_threshold(*before)


async def drop_amid_collections(world: World) -> Any:
    """The event loop makes a task to close a dropped asynchronous generator; other tasks keep their addresses."""

    async def ask(client: Any) -> Any:
        return (await client.chat.completions.create(**openai_agents.CHAT)).id

    async with openai_agents.aclient(world) as client:
        seen: list[Any] = []
        for _ in range(3):
            stream = await client.chat.completions.create(**openai_agents.CHAT, stream=True)
            cycle = [stream]
            cycle.append(cycle)
            seen.append((await anext(stream)).model_dump())
            del stream, cycle
            seen.append(await asyncio.gather(ask(client), ask(client)))
            gc.collect(len(seen) % 3)
        return seen


async def break_out_async(world: World) -> Any:
    read = []
    async with openai_agents.aclient(world) as client:
        stream = await client.chat.completions.create(**openai_agents.CHAT, stream=True)
        async for chunk in stream:
            read.append(chunk.model_dump())
            if len(read) == 2:
                break
        await stream.close()
        return read


async def cancel_while_reading(world: World) -> Any:
    async with openai_agents.aclient(world) as client:
        started = asyncio.Event()

        async def read_on() -> None:
            async with client.chat.completions.stream(**openai_agents.CHAT) as stream:
                async for _ in stream:
                    started.set()

        task = asyncio.create_task(read_on())
        await started.wait()
        task.cancel()
        return [type(one).__name__ for one in await asyncio.gather(task, return_exceptions=True)]


LEAVERS = [
    break_out,
    break_out_amid_collections,
    close_early,
    break_out_async,
    drop_amid_collections,
    cancel_while_reading,
]


@pytest.mark.parametrize("agent", LEAVERS)
def test_a_stream_that_the_program_leaves_early_is_left_early_again(agent, world: World) -> None:
    check(agent, world, times=3)


def test_reading_further_than_recorded_is_no_identical_replay(world: World) -> None:
    record(close_early, world)
    world.end()

    def to_the_end(world: World) -> Any:
        with openai_agents.client(world) as client:
            return [event.type for event in client.responses.create(**openai_agents.RESPONSES, stream=True)]

    with pytest.raises(DivergenceError, match="more of an answer"):
        play(to_the_end, world)
