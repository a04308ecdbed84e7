"""Programs on plain ``aiohttp``."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from tests.sdk.stage import World


async def whole(world: World) -> Any:
    async with (
        aiohttp.ClientSession(world.web.url) as session,
        session.get("/json", params={"q": "kettle"}) as response,
    ):
        return await response.json(), response.status, response.reason, response.version, response.raw_headers


async def redirects(world: World) -> Any:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(world.web.url, cookie_jar=jar) as session, session.get("/from") as response:
        history = [(one.status, one.headers["Location"]) for one in response.history]
        return history, str(response.url), await response.json(), sorted(cookie.key for cookie in jar)


async def uploads(world: World) -> Any:
    form = aiohttp.FormData({"case": "7"})
    form.add_field("report", b"\x00 report", filename="r.txt")

    async def pieces() -> Any:
        yield b"a"
        yield b"b"

    async with aiohttp.ClientSession(world.web.url, headers={"Authorization": "Basic a2ltOmh1bnRlcjI="}) as session:
        seen = []
        for data in (form, {"b": "2", "a": "1"}, pieces(), b"raw"):
            async with session.post("/upload", data=data) as response:
                seen.append(await response.text())
        return seen


async def streams(world: World) -> Any:
    async with aiohttp.ClientSession(world.web.url) as session:
        seen: list[Any] = []
        async with session.get("/lines") as response:
            seen.append([piece async for piece in response.content.iter_chunks()])
        async with session.get("/lines") as response:
            seen.append([line async for line in response.content])
        async with session.get("/lines") as response:
            seen.append([piece async for piece in response.content.iter_chunked(3)])
        return seen


async def early_close(world: World) -> Any:
    async with aiohttp.ClientSession(world.web.url) as session, session.get("/lines") as response:
        return await response.content.readany()


async def statuses(world: World) -> Any:
    async with aiohttp.ClientSession(world.web.url, raise_for_status=True) as session:
        try:
            await session.get("/teapot")
        except aiohttp.ClientResponseError as error:
            return error.status, error.message


async def side_by_side(world: World) -> Any:
    async with aiohttp.ClientSession(world.web.url) as session:

        async def visit(path: str) -> Any:
            async with session.get(path) as response:
                return await response.text()

        return await asyncio.gather(*[visit(path) for path in ["/json", "/lines", "/teapot", "/from"] * 3])


AGENTS = {"async": [whole, redirects, uploads, statuses, side_by_side], "streamed": [streams, early_close]}
