"""``httpx`` and ``httpx2``: one body for both.

Seam: ``Client._transport_for_url`` and its async twin. It lies below authentication, redirects, cookies and client
retries, and above pools and TLS; it sees custom transports, mounts, and clients made before the session. ``send`` would
lose history and errors, ``httpcore`` would miss custom transports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

from replay.events import Answer, Chunk, End, Head, Headers, Request, first_header
from replay.taps import boundary, httpx_reading, httpx_sending
from replay.taps.boundary import Boundary, Call, Instead
from replay.taps.cancelled import failed
from replay.taps.failures import Failures
from replay.taps.httpx_sending import ISSUED, is_in_process
from replay.taps.httpx_stream import AsyncLive, AsyncServed, SyncLive, SyncServed
from replay.taps.patch import wrap

ERRORS = (
    "CloseError",
    "ConnectError",
    "ConnectTimeout",
    "DecodingError",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TimeoutException",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
)

HEADS = 1024
"""Heads of answers kept ready: a server answers with few different ones many times."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``httpx`` or ``httpx2``."""
    library = Library(module)

    def transport_for_url(original: Callable[..., Any]) -> Callable[..., Any]:
        def _transport_for_url(self: Any, url: Any) -> Any:
            transport = original(self, url)
            session = boundary.current()
            if session is None or is_in_process(transport):
                return transport
            return Transport(library, transport, session)

        return _transport_for_url

    wrap(module.Client, "_transport_for_url", transport_for_url)
    wrap(module.AsyncClient, "_transport_for_url", transport_for_url)
    httpx_sending.attach(library)
    httpx_reading.attach(module)


class MadeHead(NamedTuple):
    """What responses with ``head`` are made of. ``encoding``: of its fields, which each would find out anew."""

    head: Head
    headers: Any
    encoding: str
    extensions: dict[str, bytes]
    is_plain: bool
    has_cookies: bool


class Library:
    """What differs between the two modules: their classes."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.response = module.Response
        self.headers = module.Headers
        self.byte_stream = module.ByteStream
        self.failures = Failures({name: getattr(module, name) for name in ERRORS}, base=module.TransportError)
        self.request_error = module.RequestError
        self.live: Any = type("Live", (SyncLive, module.SyncByteStream), {})
        self.served: Any = type("Served", (SyncServed, module.SyncByteStream), {})
        self.async_live: Any = type("AsyncLive", (AsyncLive, module.AsyncByteStream), {})
        self.async_served: Any = type("AsyncServed", (AsyncServed, module.AsyncByteStream), {})
        self.heads: dict[int, MadeHead] = {}

    def answer(self, call: Call, request: Any, made: MadeHead) -> Any:
        """The response that is served for ``call``, with the head ``made``."""
        return self._answer(self.served, call, request, made)

    def async_answer(self, call: Call, request: Any, made: MadeHead) -> Any:
        """The asynchronous twin of :meth:`answer`."""
        return self._answer(self.async_served, call, request, made)

    def _answer(self, kind: Any, call: Call, request: Any, made: MadeHead) -> Any:
        body = kind(self, call, call.served, request, made.is_plain)
        response = self.response(made.head.status, headers=made.headers, stream=body, extensions=made.extensions)
        response.headers.encoding = made.encoding
        return response

    def made_of(self, head: Head) -> MadeHead:
        """Found by the very object, for a cassette gives equal heads as one."""
        made = self.heads.get(id(head))
        if made is None or made.head is not head:
            if len(self.heads) >= HEADS:
                self.heads.clear()
            made = self.heads[id(head)] = self._make(head)
        return made

    def _make(self, head: Head) -> MadeHead:
        headers = self.headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers])
        extensions = {
            "http_version": head.http_version.encode("ascii", "replace"),
            "reason_phrase": head.reason.encode("ascii", "replace"),
        }
        return MadeHead(head, headers, headers.encoding, extensions, is_plain(head.headers), "set-cookie" in headers)

    def request(self, request: Any, body: bytes) -> Request:
        """A request of the library in our words."""
        return Request("http", request.method, str(request.url), _headers(request.headers), body)

    def read_already(self, response: Any) -> tuple[Head, Chunk, End]:
        """A response that its transport made or read itself (a cache, a stub): nobody will read its stream.

        Where the raw bytes are gone, the decoded ones are kept, and so no ``content-encoding``.
        """
        head = _head(response)
        if isinstance(response.stream, self.byte_stream):
            return head, Chunk(b"".join(response.stream)), End()
        plain = tuple([(name, value) for name, value in head.headers if name.lower() != "content-encoding"])
        return replace(head, headers=plain), Chunk(response.content), End()

    def resending(self, real: Any, instead: Instead) -> Any:
        """A transport that sends what a swap put in place of the program's request."""
        from replay.taps.httpx_resend import Resending

        return Resending(self.module, real, instead)

    def error(self, end: End | None, request: Any) -> BaseException:
        assert end is not None and end.failure is not None
        return self.failures.build(end.failure, request=request)


class Transport:
    """Stands in front of a client's transport for one request, synchronous or not."""

    def __init__(self, library: Library, real: Any, session: Boundary) -> None:
        self.library = library
        self.real = real
        self.session = session

    def handle_request(self, request: Any) -> Any:
        call = request.__dict__.pop(ISSUED, None) or self.session.issue(self.library.request(request, request.read()))
        served = call.served
        if served is None:
            return self._live(call, request)
        if served.head is None:
            call.deliver(_headless(served))
            raise self.library.error(served.end, request)
        call.deliver(served.head)
        return self.library.answer(call, request, self.library.made_of(served.head))

    async def handle_async_request(self, request: Any) -> Any:
        issued = request.__dict__.pop(ISSUED, None)
        call = issued or self.session.issue(self.library.request(request, await request.aread()))
        served = call.served
        if served is None:
            return await self._alive(call, request)
        if served.head is None:
            await call.adeliver(_headless(served))
            raise self.library.error(served.end, request)
        await call.adeliver(served.head)
        return self.library.async_answer(call, request, self.library.made_of(served.head))

    def _live(self, call: Call, request: Any) -> Any:
        real = self.real if call.instead is None else self.library.resending(self.real, call.instead)
        try:
            with boundary.inside():
                response = real.handle_request(request)
        except BaseException as error:
            call.deliver(self.library.failures.end(error, started=False))
            raise
        if hasattr(response, "_content"):
            for part in self.library.read_already(response):
                call.deliver(part)
            return response
        head = _head(response)
        call.deliver(head)
        response.stream = self.library.live(self.library, call, response.stream, is_plain=is_plain(head.headers))
        return response

    async def _alive(self, call: Call, request: Any) -> Any:
        real = self.real if call.instead is None else self.library.resending(self.real, call.instead)
        try:
            with boundary.inside():
                response = await real.handle_async_request(request)
        except failed() as error:
            await call.adeliver(self.library.failures.end(error, started=False))
            raise
        except BaseException as error:
            call.deliver(self.library.failures.end(error, started=False))
            raise
        if hasattr(response, "_content"):
            for part in self.library.read_already(response):
                await call.adeliver(part)
            return response
        head = _head(response)
        try:
            await call.adeliver(head)
        except BaseException:  # cancelled while waiting for its turn: nobody else will close it
            await response.aclose()
            raise
        response.stream = self.library.async_live(self.library, call, response.stream, is_plain=is_plain(head.headers))
        return response


def _headless(answer: Answer) -> End:
    """How an answer without a head ends for a program that waits for it; one that was cancelled never does."""
    return answer.end if answer.end is not None and answer.end.failure is not None else End()


def _head(response: Any) -> Head:
    extensions = response.extensions
    return Head(
        response.status_code,
        extensions.get("reason_phrase", b"").decode("ascii", "replace"),
        extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace"),
        _headers(response.headers),
    )


@lru_cache(maxsize=1024)
def is_plain(headers: Headers) -> bool:
    """Whether a body with these fields is not compressed, or otherwise encoded."""
    return first_header(headers, "content-encoding") is None


def _headers(headers: Any) -> Headers:
    # What the library keeps, where it does as ever: from that ``raw`` makes new tuples each time.
    return _text((*headers._list,) if hasattr(headers, "_list") else (*headers.raw,))


@lru_cache(maxsize=1024)
def _text(fields: tuple[tuple[bytes, ...], ...]) -> Headers:
    """The fields as text, each given by its name, maybe that in lower case, and its value. A client sends few
    different ones many times."""
    return tuple([(field[0].decode("latin-1"), field[-1].decode("latin-1")) for field in fields])
