"""Programs on plain ``httpx`` and ``httpx2``: each of these runs on both."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import httpx
import httpx2

from tests.sdk.stage import World


def whole(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url) as client:
        response = client.get("/json", params={"b": "2", "a": ["1", "3"]})
        assert response.elapsed.total_seconds() >= 0
        return response.json(), response.http_version, response.reason_phrase, response.num_bytes_downloaded


def repeated_headers(module: Any, world: World) -> Any:
    response = module.get(f"{world.web.url}/twice")
    return response.status_code, response.reason_phrase, response.headers.multi_items(), response.headers.raw


def redirects(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url, follow_redirects=True) as client:
        response = client.get("/from")
        history = [(one.status_code, one.headers["location"], one.text) for one in response.history]
        return history, str(response.url), response.json(), sorted(client.cookies)


def cookies(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url) as client:
        client.get("/login")
        return client.get("/json").json(), sorted(client.cookies)


def uploads(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url) as client:
        files = {"report": ("r.txt", b"\x00 report", "text/plain")}
        return [
            client.post("/upload", files=files, data={"case": "7"}).text,
            client.post("/upload", data={"b": "2", "a": "1"}).text,
            client.put("/upload", content=iter([b"a", b"b"])).text,
            client.post("/upload", json={"z": 1, "a": [1, 2]}).text,
        ]


def basic_auth(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url, auth=("kim", "hunter2")) as client:
        response = client.get("/json")
        return response.json(), response.request.headers["authorization"]


def digest_auth(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url, auth=module.DigestAuth("kim", "hunter2")) as client:
        response = client.get("/challenge")
        return response.text, [one.status_code for one in response.history]


def statuses(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url) as client:
        response = client.get("/teapot")
        try:
            response.raise_for_status()
        except module.HTTPStatusError as error:
            return str(error), response.json(), client.delete("/empty").status_code, client.head("/json").headers.raw


def streams(module: Any, world: World) -> Any:
    seen = []
    with module.Client(base_url=world.web.url) as client:
        for read in ("iter_raw", "iter_bytes", "iter_text", "iter_lines"):
            with client.stream("GET", "/lines") as response:
                seen.append(list(getattr(response, read)()))
        with client.stream("GET", "/json") as response:
            seen.append(list(response.iter_raw()))
        with client.stream("GET", "/json") as response:
            seen.append(response.read())
    return seen


def early_close(module: Any, world: World) -> Any:
    with module.Client(base_url=world.web.url) as client:
        with client.stream("GET", "/lines") as response:
            first = next(response.iter_raw())
        with client.stream("GET", "/lines") as response:
            pass
        return first, response.status_code


async def whole_async(module: Any, world: World) -> Any:
    async with module.AsyncClient(base_url=world.web.url, follow_redirects=True) as client:
        responses = await asyncio.gather(client.get("/from"), client.get("/teapot"), client.post("/upload", json=[]))
        return [(one.status_code, one.text, len(one.history)) for one in responses]


async def uploads_async(module: Any, world: World) -> Any:
    async def pieces() -> Any:
        yield b"a"
        yield b"b"

    async with module.AsyncClient(base_url=world.web.url) as client:
        return (await client.put("/upload", content=pieces())).text, (
            await client.post("/upload", files={"f": b"x"})
        ).text


async def streams_async(module: Any, world: World) -> Any:
    async def one(client: Any, read: str) -> Any:
        async with client.stream("GET", "/lines") as response:
            return [piece async for piece in getattr(response, read)()]

    async with module.AsyncClient(base_url=world.web.url) as client:
        reads = ("aiter_raw", "aiter_bytes", "aiter_text", "aiter_lines")
        return await asyncio.gather(*[one(client, read) for read in reads])


async def early_close_async(module: Any, world: World) -> Any:
    async with module.AsyncClient(base_url=world.web.url) as client, client.stream("GET", "/lines") as response:
        return await anext(response.aiter_raw())


def _on(module: Any, program: Any) -> Any:
    agent = functools.partial(program, module)
    agent.__name__ = program.__name__  # type: ignore[attr-defined]
    return agent


PROGRAMS = {
    "sync": [whole, repeated_headers, redirects, cookies, uploads, basic_auth, digest_auth, statuses],
    "async": [whole_async, uploads_async],
    "streamed": [streams, early_close, streams_async, early_close_async],
}
HTTPX, HTTPX2 = (
    {column: [_on(module, program) for program in programs] for column, programs in PROGRAMS.items()}
    for module in (httpx, httpx2)
)
