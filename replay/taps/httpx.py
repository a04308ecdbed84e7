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
from typing import Any

from replay.events import Answer, Chunk, End, Head, Headers, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call, Instead
from replay.taps.cancelled import failed, failed_or_cancelled
from replay.taps.failures import Failures
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

IN_PROCESS = frozenset({"ASGITransport", "MockTransport", "WSGITransport", "_TestClientTransport"})
"""Transports that are the program's own code: they run, and are not recorded."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``httpx`` or ``httpx2``."""
    library = _Library(module)

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


def is_in_process(transport: Any) -> bool:
    kind: Any = type(transport)
    return _is_in_process(kind)


@lru_cache(maxsize=64)
def _is_in_process(kind: Any) -> bool:
    return any(base.__name__ in IN_PROCESS for base in kind.__mro__)


class _Library:
    """What differs between the two modules: their classes."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.response = module.Response
        self.headers = module.Headers
        self.byte_stream = module.ByteStream
        self.failures = Failures({name: getattr(module, name) for name in ERRORS}, base=module.TransportError)
        self.live: Any = type("Live", (_SyncLive, module.SyncByteStream), {})
        self.served: Any = type("Served", (_SyncServed, module.SyncByteStream), {})
        self.async_live: Any = type("AsyncLive", (_AsyncLive, module.AsyncByteStream), {})
        self.async_served: Any = type("AsyncServed", (_AsyncServed, module.AsyncByteStream), {})
        self.fields = lru_cache(maxsize=1024)(self._fields)

    def answer(self, head: Head, stream: Any) -> Any:
        return self.response(
            head.status,
            headers=self.fields(head.headers),
            stream=stream,
            extensions={
                "http_version": head.http_version.encode("ascii", "replace"),
                "reason_phrase": head.reason.encode("ascii", "replace"),
            },
        )

    def _fields(self, fields: Headers) -> Any:
        """What a response copies its headers from. A server answers with few different ones many times."""
        return self.headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields])

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

    def __init__(self, library: _Library, real: Any, session: Boundary) -> None:
        self.library = library
        self.real = real
        self.session = session

    def handle_request(self, request: Any) -> Any:
        call = self.session.issue(_request(request, request.read()))
        served = call.served
        if served is None:
            return self._live(call, request)
        if served.head is None:
            call.deliver(_headless(served))
            raise self.library.error(served.end, request)
        call.deliver(served.head)
        return self.library.answer(served.head, self.library.served(self.library, call, served, request))

    async def handle_async_request(self, request: Any) -> Any:
        call = self.session.issue(_request(request, await request.aread()))
        served = call.served
        if served is None:
            return await self._alive(call, request)
        if served.head is None:
            await call.adeliver(_headless(served))
            raise self.library.error(served.end, request)
        await call.adeliver(served.head)
        return self.library.answer(served.head, self.library.async_served(self.library, call, served, request))

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
        call.deliver(_head(response))
        response.stream = self.library.live(self.library, call, response.stream)
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
        try:
            await call.adeliver(_head(response))
        except BaseException:  # cancelled while waiting for its turn: nobody else will close it
            await response.aclose()
            raise
        response.stream = self.library.async_live(self.library, call, response.stream)
        return response


class _Stream:
    """A body with a position: whoever iterates goes on where the last one stopped.

    The copy belongs to this object and not to one iterator: ``openai`` 3 reads to ``[DONE]``, drops that iterator and
    drains the rest through a second one.
    """

    def __init__(self, library: _Library, call: Call) -> None:
        self.library = library
        self.call = call
        self.ended = False


class _Live(_Stream):
    """A body that comes from the world."""

    def __init__(self, library: _Library, call: Call, real: Any) -> None:
        super().__init__(library, call)
        self.real = real
        self.iterator: Any = None


class _Served(_Stream):
    """A body that comes from the cassette; ``request`` is the one that its errors belong to."""

    def __init__(self, library: _Library, call: Call, answer: Answer, request: Any) -> None:
        super().__init__(library, call)
        self.chunks = iter(answer.chunks)
        self.end = answer.end
        self.request = request

    def ends(self) -> End:
        """How it ends for a program that has read all of it."""
        self.ended = True
        return self.end if self.end is not None and self.end.ending == "broken" else End()


class _SyncLive(_Live):
    def __iter__(self) -> Any:
        if self.iterator is None:
            self.iterator = iter(self.real)
        return self

    def __next__(self) -> bytes:
        if self.ended:
            raise StopIteration
        data = self._next()
        if data is not None:
            self.call.deliver(Chunk(data))
            return data
        self.ended = True
        self.call.deliver(End())
        raise StopIteration

    def _next(self) -> bytes | None:
        try:
            outside = boundary.enter(True)
            try:
                return next(self.iterator, None)
            finally:
                boundary.leave(outside)
        except BaseException as error:
            self.ended = True
            self.call.deliver(self.library.failures.end(error, started=True))
            raise

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))
        with boundary.inside():
            self.real.close()


class _SyncServed(_Served):
    def __iter__(self) -> Any:
        return self

    def __next__(self) -> bytes:
        if not self.ended:
            for chunk in self.chunks:
                self.call.deliver(chunk)
                return chunk.data
            end = self.ends()
            self.call.deliver(end)
            if end.failure is not None:
                raise self.library.error(end, self.request)
        raise StopIteration

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))


class _AsyncLive(_Live):
    def __aiter__(self) -> Any:
        if self.iterator is None:
            self.iterator = aiter(self.real)
        return self

    async def __anext__(self) -> bytes:
        if self.ended:
            raise StopAsyncIteration
        data = await self._next()
        if data is not None:
            await self.call.adeliver(Chunk(data))
            return data
        self.ended = True
        await self.call.adeliver(End())
        raise StopAsyncIteration

    async def _next(self) -> bytes | None:
        try:
            with boundary.inside():
                return await anext(self.iterator)
        except StopAsyncIteration:
            return None
        except failed_or_cancelled() as error:
            self.ended = True
            await self.call.adeliver(self.library.failures.end(error, started=True))
            raise
        except BaseException as error:
            self.ended = True
            self.call.deliver(self.library.failures.end(error, started=True))
            raise

    async def aclose(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))
        with boundary.inside():
            await self.real.aclose()


class _AsyncServed(_Served):
    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> bytes:
        if not self.ended:
            for chunk in self.chunks:
                await self.call.adeliver(chunk)
                return chunk.data
            end = self.ends()
            await self.call.adeliver(end)
            if end.failure is not None:
                raise self.library.error(end, self.request)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))


def _headless(answer: Answer) -> End:
    """How an answer without a head ends for a program that waits for it; one that was cancelled never does."""
    return answer.end if answer.end is not None and answer.end.failure is not None else End()


def _request(request: Any, body: bytes) -> Request:
    return Request("http", request.method, str(request.url), _headers(request.headers), body)


def _head(response: Any) -> Head:
    extensions = response.extensions
    return Head(
        response.status_code,
        extensions.get("reason_phrase", b"").decode("ascii", "replace"),
        extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace"),
        _headers(response.headers),
    )


def _headers(headers: Any) -> Headers:
    return _text(tuple(headers.raw))


@lru_cache(maxsize=1024)
def _text(raw: tuple[tuple[bytes, bytes], ...]) -> Headers:
    """The fields as text. A client sends few different ones many times."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
