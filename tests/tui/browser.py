"""A headless Chromium, driven through its debugging port (Chrome DevTools Protocol)."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

DEADLINE = 60.0


class Page:
    """One page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call ``method`` of the protocol, and wait for what it gives."""
        id = next(self._ids)
        await self._socket.send_json({"id": id, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == id:
                return answer["result"]

    async def until(self, script: str) -> None:
        """Let the page work until ``script`` is true."""
        async with asyncio.timeout(DEADLINE):
            while not (await self.ask("Runtime.evaluate", expression=script))["result"].get("value"):
                await self.ask("Runtime.evaluate", expression="new Promise(requestAnimationFrame)", awaitPromise=True)

    async def picture(self) -> bytes:
        """A screenshot, as PNG."""
        return base64.b64decode((await self.ask("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def opened(browser: str, url: str, profile: Path) -> AsyncIterator[Page]:
    """The page at ``url``."""
    process = await asyncio.create_subprocess_exec(
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900", "--remote-debugging-port=0",
        f"--user-data-dir={profile}", "about:blank", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(DEADLINE):
            while b"DevTools listening on ws://" not in (line := await process.stderr.readline()):
                assert line, "the browser did not start"
        place = line.decode().split("ws://")[1].partition("/")[0]
        async with aiohttp.ClientSession() as client:
            targets = await (await client.get(f"http://{place}/json/list")).json()
            target = next(each for each in targets if each["type"] == "page")
            async with client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=64 << 20) as socket:
                page = Page(socket)
                await page.ask("Page.enable")
                await page.ask("Page.navigate", url=url)
                yield page
    finally:
        process.kill()
        await process.communicate()
