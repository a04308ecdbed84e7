"""``tornado``: its HTTP clients, the simple one and the one on curl.

Seam: ``fetch_impl``. Redirects lie below it: an exchange is the request and the last answer, whose URL is kept with it.
Bodies are as the client gives them, decompressed. Not recorded: requests with a ``body_producer``, and WebSockets.
"""

from __future__ import annotations

import asyncio
import copy
import io
import sys
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any, Final

from replay.errors import UsageError
from replay.events import Answer, Chunk, End, Failure, Head, Headers, Part, Request
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.failures import SYSTEM, Failures, exceptions_of
from replay.taps.patch import wrap
from replay.taps.resend import aresent

URL: Final = "x-replay-url"
"""A field of ours: the URL of an answer after redirects."""

_CLIENTS: Final = ("SimpleAsyncHTTPClient", "CurlAsyncHTTPClient")


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``tornado.simple_httpclient`` or ``tornado.curl_httpclient``."""
    library = _Library(module)
    for name in _CLIENTS:
        if hasattr(module, name):
            wrap(getattr(module, name), "fetch_impl", library.fetch)


class _Library:
    """The classes of tornado."""

    def __init__(self, module: ModuleType) -> None:
        self.response = sys.modules["tornado.httpclient"].HTTPResponse
        self.headers = sys.modules["tornado.httputil"].HTTPHeaders
        self.own = exceptions_of(module)
        kinds = {f"tornado.{name}": kind for name, kind in self.own.items()}
        kinds["tornado.StreamClosedError"] = sys.modules["tornado.iostream"].StreamClosedError
        self.failures = Failures(SYSTEM | kinds, base=ConnectionError)

    def error(self, failure: Failure) -> BaseException:
        """The client's own exception. Its classes are made from a text, their second argument of three."""
        kind = self.failures.kind(failure)
        match self.failures.arguments(failure):
            case [_, str(text), _] if kind in self.own.values():
                return kind(text)
        return self.failures.build(failure)

    def fetch(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def fetch_impl(client: Any, request: Any, callback: Callable[[Any], None]) -> None:
            session = boundary.current()
            if session is None:
                original(client, request, callback)
                return
            if request.body_producer is not None:
                raise UsageError("a request with a body_producer cannot be recorded", hint="give tornado a body")
            body = request.body or b""
            asked = Request("http", request.method, request.url, tuple(request.headers.get_all()), bytes(body))
            fetch = _Fetch(self, session.issue(asked), request, callback)
            with boundary.inside():  # no task of the program's
                fetch.task = asyncio.get_running_loop().create_task(
                    fetch.hand_over(lambda asked, heard: original(client, asked, heard))
                )

        return fetch_impl


class _Fetch:
    """One exchange, and the program's ``callback`` for its end."""

    task: asyncio.Task[None]

    def __init__(self, library: _Library, call: Call, request: Any, callback: Callable[[Any], None]) -> None:
        self.library = library
        self.call = call
        self.request = request
        self.callback = callback
        self.body = io.BytesIO()
        self.head: Head | None = None
        self.live: Any = None

    async def hand_over(self, perform: Callable[[Any, Callable[[Any], None]], None]) -> None:
        if self.call.served is not None:
            parts = _served(self.call.served)
        elif self.call.instead is not None:
            parts = _served(await aresent(self.call.instead))
        else:
            parts = self._performed(perform)
        async for part in parts:
            await self.call.adeliver(part)
            if isinstance(part, Head):
                self._head(part)
            elif isinstance(part, Chunk):
                await self._chunk(part.data)
            else:
                self.callback(self._response(part))

    async def _performed(self, perform: Callable[[Any, Callable[[Any], None]], None]) -> AsyncIterator[Part]:
        """What the real client hears, as it hears it."""
        heard: asyncio.Queue[Any] = asyncio.Queue()
        asked = copy.copy(self.request.request)
        lines: list[str] = []
        asked.header_callback = lines.append
        if self.request.streaming_callback is not None:
            asked.streaming_callback = heard.put_nowait
        perform(type(self.request)(asked, self.request.defaults), heard.put_nowait)
        started = False
        while isinstance(got := await heard.get(), bytes):
            if not started:
                started = True
                yield _told(lines)
            yield Chunk(got)
        for part in self._ended(got, started=started):
            yield part

    def _ended(self, response: Any, *, started: bool) -> list[Part]:
        self.live = response
        if response.error is not None and not response._error_is_response_code:
            return [self.library.failures.end(response.error, started=started)]
        url = ((URL, response.effective_url),) if response.effective_url != self.request.url else ()
        head = Head(response.code, response.reason, "HTTP/1.1", (*response.headers.get_all(), *url))
        body = [] if started or not response.body else [Chunk(response.body)]
        return [*([] if started else [head]), *body, End()]

    def _head(self, head: Head) -> None:
        self.head = head
        tell = self.request.header_callback
        if tell is not None:
            tell(f"{head.http_version} {head.status} {head.reason}\r\n")
            for name, value in _fields(head):
                tell(f"{name}: {value}\r\n")
            tell("\r\n")

    async def _chunk(self, data: bytes) -> None:
        tell = self.request.streaming_callback
        if tell is None:
            self.body.write(data)
        elif (waits := tell(data)) is not None:
            await waits

    def _response(self, end: End) -> Any:
        """The response as the library makes it; the real one where there is one."""
        head, make = self.head, self.library.response
        if self.live is not None:
            self.live.request = self.request.request
            return self.live
        if head is None or end.failure is not None:
            failure = end.failure or Failure("ConnectionError", "the recorded program never had an answer")
            return make(self.request, 599, error=self.library.error(failure), request_time=0.0)
        headers = self.library.headers()
        for name, value in _fields(head):
            headers.add(name, value)
        url = head.header(URL) or self.request.url
        return make(self.request, head.status, headers, self.body, url, reason=head.reason, request_time=0.0)


async def _served(answer: Answer) -> AsyncIterator[Part]:
    if answer.head is not None:
        yield answer.head
    for chunk in answer.chunks:
        yield chunk
    yield answer.end or End()


def _fields(head: Head) -> Headers:
    return tuple([field for field in head.headers if field[0] != URL])


def _told(lines: list[str]) -> Head:
    """The head that these lines tell; of several, after redirects, the last."""
    first = max([at for at, line in enumerate(lines) if line.startswith("HTTP/")], default=0)
    version, status, reason = [*lines[first].rstrip("\r\n").split(" ", 2), "", ""][:3]
    pairs = [line.rstrip("\r\n").partition(": ") for line in lines[first + 1 :] if ":" in line]
    fields = tuple([(name, value) for name, _, value in pairs])
    return Head(int(status) if status.isdigit() else 200, reason, version, fields)
