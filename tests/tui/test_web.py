"""The app in a browser: the same first screen, on loopback, and not without the token."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.cassette import runs as files
from tests.cli import rig
from tests.tui.browser import opened

DEADLINE = 60.0
FULL = 30_000
"""Bytes of a picture of a screen full of text; one that is empty takes half."""

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """The address that ``replay ui --web`` prints."""
    files.write_run(folder / "run.cassette", [files.chat(at, tick=at * 10) for at in range(3)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "replay", "ui", "run.cassette", "--web",
        cwd=folder, env=rig.environment(PYTHONPATH=os.environ.get("PYTHONPATH", "")), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(DEADLINE):
            line = await process.stdout.readline()
        yield line.decode().split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE):
            await process.communicate()


def stripped(data: bytes) -> str:
    """What a terminal would show, more or less: without control sequences."""
    return re.sub(r"\x1b(\[[0-9;?<>=]*\$?[a-zA-Z]|\][^\x07]*\x07)", "", data.decode("utf-8", "replace"))


async def test_who_has_the_token_sees_the_first_screen(tmp_path):
    async with served(tmp_path) as url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        page = await client.get(url)
        assert page.status == 200
        place = urlsplit(url)
        async with client.ws_connect(f"ws://{place.netloc}/ws?width=120&height=40") as socket:
            screen = b""
            async with asyncio.timeout(DEADLINE):
                while not all(word in stripped(screen) for word in ("Steps 1/3", "run.cassette", "palette")):
                    message = await socket.receive()
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                    screen += message.data if isinstance(message.data, bytes) else b""


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/?token=guess"])
async def test_a_request_without_the_token_is_refused(path, tmp_path):
    async with served(tmp_path) as url, aiohttp.ClientSession() as client:
        place = urlsplit(url)
        answer = await client.get(f"http://{place.netloc}{path}")
        assert answer.status == 403
        assert place.hostname == "127.0.0.1"


async def test_another_site_s_page_and_another_name_for_this_host_are_refused(tmp_path):
    async with served(tmp_path) as url, aiohttp.ClientSession() as client:
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            answer = await client.get(url, headers=headers)
            assert answer.status == 403


if BROWSER:  # where there is one; the WebSocket above carries the same bytes

    async def test_a_real_browser_shows_the_first_screen(tmp_path):
        async with served(tmp_path) as url, opened(BROWSER, url, tmp_path / "profile") as page:
            await page.until("document.body.classList.contains('-first-byte')")
            await page.until("location.search === ''")  # the token is out of the address bar
            async with asyncio.timeout(DEADLINE):
                while len(picture := await page.picture()) < FULL:
                    await asyncio.sleep(0.1)
            (tmp_path / "screen.png").write_bytes(picture)
