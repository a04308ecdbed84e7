import json

import aiohttp
import pytest

pytestmark = pytest.mark.vcr


async def test_get(url):
    async with aiohttp.ClientSession() as session, session.get(f"{url}/echo", params={"q": "1"}) as response:
        assert response.status == 200
        assert (await response.json())["path"] == "/echo?q=1"


async def test_json(url):
    async with aiohttp.ClientSession() as session, session.post(f"{url}/echo", json={"a": [1]}) as response:
        assert json.loads((await response.json())["body"]) == {"a": [1]}


async def test_packed(url):
    async with aiohttp.ClientSession() as session, session.get(f"{url}/packed/a") as response:
        assert json.loads(await response.text())["path"] == "/packed/a"


async def test_lines(url):
    async with aiohttp.ClientSession() as session, session.get(f"{url}/chunked") as response:
        assert len([line async for line in response.content]) == 3


async def test_redirect(url):
    async with aiohttp.ClientSession() as session, session.get(f"{url}/moved") as response:
        assert (await response.json())["path"] == "/echo/target"
        assert len(response.history) == 1


@pytest.mark.vcr(match_on=["method", "path", "body"])
async def test_json_that_is_compared(url):
    async with aiohttp.ClientSession() as session:
        for value in (1, 2):
            async with session.post(f"{url}/echo", json={"a": value}) as response:
                assert json.loads((await response.json())["body"]) == {"a": value}


@pytest.mark.vcr(match_on=["method", "path", "body", "headers"])
async def test_form_and_fields_that_are_compared(url):
    session = aiohttp.ClientSession(headers={"x-case": "1"})
    async with session, session.post(f"{url}/echo", data={"a": "1"}) as response:
        assert (await response.json())["body"] == "a=1"
