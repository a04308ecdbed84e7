"""The proxy as an ASGI application: what a program asks goes to its upstream, and the answer back, as it comes.

An upstream that cannot be reached is a 502 with a JSON error, one that breaks off in the middle a connection that is
cut after the same byte: live and on replay alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import h11
import httpx
import orjson

from replay.errors import ReplayError, StopReplay
from replay.proxy.crossing import Abandoned, Crossing
from replay.proxy.upstreams import Upstreams

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]

_OF_THE_HOP: Final = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
"""Fields of one connection and not of the message (RFC 9110, 7.6.1); ``Expect`` is answered here."""

_NOT_AGAIN: Final = (b"x-should-retry", b"false")
"""Heard by the SDKs of OpenAI and Anthropic."""

CUT: Final = (Abandoned, KeyboardInterrupt, SystemExit)
"""What ends an answer without a word. The last two are in recordings of Python programs alone: no signal comes here."""


class App:
    """``base``: where the program finds the proxy. ``broken``: the first error that is a bug of ours."""

    def __init__(self, crossing: Crossing, upstreams: Upstreams, base: str) -> None:
        self.crossing = crossing
        self.upstreams = upstreams
        self.base = base
        self.broken: BaseException | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        if body is None:
            return
        answering = asyncio.create_task(self._answer(scope, body, send))
        gone = asyncio.create_task(_disconnect(receive))
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, gone):
                task.cancel()
            outcome, _ = await asyncio.gather(answering, gone, return_exceptions=True)
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            self.broken = self.broken or outcome
            raise outcome

    async def _answer(self, scope: Message, body: bytes, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = self.upstreams.target(f"{path}?{query}" if query else path)
        if url is None:
            await self._refuse_path(path, send)
        elif any(name == b"upgrade" for name, _ in scope["headers"]):
            self._note(f"{url.partition('?')[0]} was asked to speak another protocol than HTTP")
            await _send_error(send, 501, "upgrade", "replay proxy hands on HTTP, and no WebSockets")
        else:
            await self._cross(scope, url, body, send)

    async def _cross(self, scope: Message, url: str, body: bytes, send: Send) -> None:
        fields = [(name, value) for name, value in _of_message(scope["headers"]) if name != b"host"]
        try:
            response = await self.crossing.answer(scope["client"][1], scope["method"], url, fields, body)
        except StopReplay as stop:
            await _send_stop(send, stop.error)
        except httpx.InvalidURL as error:
            await _send_error(send, 400, "url", f"replay proxy cannot ask for {url}: {error}")
        except httpx.HTTPError as error:
            said = f"replay proxy got no answer from {url}: {type(error).__name__}: {error}"
            await _send_error(send, 502, type(error).__name__, said)
        except CUT:
            return
        else:
            try:
                await self._send(response, send)
            finally:
                await response.aclose()

    async def _send(self, response: httpx.Response, send: Send) -> None:
        """Hand ``response`` on. One that breaks off is not completed, and the server cuts the connection."""
        status = response.status_code
        if not 200 <= status < 600:
            await _send_error(send, 502, "status", f"replay proxy cannot hand on an answer with the status {status}")
            return
        fields = [(name, self._located(name, value)) for name, value in _of_message(response.headers.raw)]
        try:
            await send({"type": "http.response.start", "status": status, "headers": fields})
            stream: Any = response.stream
            async for data in stream:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})
        except (httpx.HTTPError, h11.LocalProtocolError, *CUT):
            return

    def _located(self, name: bytes, value: bytes) -> bytes:
        """A redirect to an upstream leads back here: past the proxy it would not be seen."""
        if name.lower() != b"location":
            return value
        return self.upstreams.local(value.decode("latin-1"), self.base).encode("latin-1")

    async def _refuse_path(self, path: str, send: Send) -> None:
        self._note(f"the program asked for {path}, behind which there is no upstream")
        served = ", ".join(upstream.path or "/" for upstream in self.upstreams)
        await _send_error(send, 404, "path", f"replay proxy has no upstream behind {path}; it serves {served}")

    def _note(self, gap: str) -> None:
        if gap not in self.crossing.session.result.gaps:
            self.crossing.session.result.gaps.append(gap)


def _of_message(fields: Sequence[tuple[bytes, bytes]]) -> Fields:
    """``fields`` without those of the connection, which ``Connection`` may name."""
    named = {
        word.strip().lower() for name, value in fields if name.lower() == b"connection" for word in value.split(b",")
    }
    return [(name, value) for name, value in fields if name.lower() not in _OF_THE_HOP | named]


async def _whole(receive: Receive) -> bytes | None:
    """The request's body; None when the program went away while it sent it."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_stop(send: Send, error: ReplayError) -> None:
    """A replay that has ended says so to whoever goes on asking, in the shape in which SDKs look for errors."""
    said = f"replay: {error.message}" + (f"; hint: {error.hint}" if error.hint else "")
    await _send_error(send, 400, "replay_stopped", said)


async def _send_error(send: Send, status: int, code: str, message: str) -> None:
    body = orjson.dumps({"type": "error", "error": {"type": "replay_proxy", "code": code, "message": message}})
    fields = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    fields += [_NOT_AGAIN] if status < 500 else []
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
