"""``httpx`` and ``httpx2``: one body for both.

Seam: ``Client._transport_for_url`` and its async twin. It lies below authentication, redirects, cookies and client
retries, and above pools and TLS; it sees custom transports, mounts, and clients made before the session. ``send`` would
lose history and errors, ``httpcore`` would miss custom transports.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

from replay.events import Answer, Chunk, End, Head, Headers, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call
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
        self.response = module.Response
        self.byte_stream = module.ByteStream
        self.failures = Failures({name: getattr(module, name) for name in ERRORS}, base=module.TransportError)
        self.sync_stream: Any = type("Stream", (_SyncStream, module.SyncByteStream), {})
        self.async_stream: Any = type("AsyncStream", (_AsyncStream, module.AsyncByteStream), {})

    def answer(self, head: Head, stream: Any) -> Any:
        return self.response(
            head.status,
            headers=_raw(head.headers),
            stream=stream,
            extensions={
                "http_version": head.http_version.encode("ascii", "replace"),
                "reason_phrase": head.reason.encode("ascii", "replace"),
            },
        )

    def read_already(self, response: Any) -> tuple[Head, Chunk, End]:
        """A response that its transport made or read itself (a cache, a stub): nobody will read its stream.

        Where the raw bytes are gone, the decoded ones are kept, and so no ``content-encoding``.
        """
        head = _head(response)
        if isinstance(response.stream, self.byte_stream):
            return head, Chunk(b"".join(response.stream)), End()
        plain = tuple([(name, value) for name, value in head.headers if name.lower() != "content-encoding"])
        return replace(head, headers=plain), Chunk(response.content), End()

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
        return self.library.answer(served.head, self.library.sync_stream(self.library, call, request, served))

    async def handle_async_request(self, request: Any) -> Any:
        call = self.session.issue(_request(request, await request.aread()))
        served = call.served
        if served is None:
            return await self._alive(call, request)
        if served.head is None:
            await call.adeliver(_headless(served))
            raise self.library.error(served.end, request)
        await call.adeliver(served.head)
        return self.library.answer(served.head, self.library.async_stream(self.library, call, request, served))

    def _live(self, call: Call, request: Any) -> Any:
        try:
            with boundary.inside():
                response = self.real.handle_request(request)
        except BaseException as error:
            call.deliver(self.library.failures.end(error, started=False))
            raise
        if hasattr(response, "_content"):
            for part in self.library.read_already(response):
                call.deliver(part)
            return response
        call.deliver(_head(response))
        response.stream = self.library.sync_stream(self.library, call, request, response.stream)
        return response

    async def _alive(self, call: Call, request: Any) -> Any:
        try:
            with boundary.inside():
                response = await self.real.handle_async_request(request)
        except Exception as error:
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
        response.stream = self.library.async_stream(self.library, call, request, response.stream)
        return response


class _Stream:
    """A body with a position: whoever iterates goes on where the last one stopped.

    ``source`` is the real stream, or the recorded answer. The copy belongs to this object and not to one iterator:
    ``openai`` 3 reads to ``[DONE]``, drops that iterator and drains the rest through a second one.
    """

    def __init__(self, library: _Library, call: Call, request: Any, source: Any) -> None:
        self.library = library
        self.call = call
        self.request = request
        self.recorded = source if isinstance(source, Answer) else None
        self.real: Any = source if self.recorded is None else None
        self.iterator: Any = None
        self.chunks = iter(self.recorded.chunks if self.recorded is not None else ())
        self.ended = False

    def recorded_end(self) -> End:
        """How a served body ends for a program that has read all of it."""
        assert self.recorded is not None
        end = self.recorded.end
        return end if end is not None and end.ending == "broken" else End()


class _SyncStream(_Stream):
    def __iter__(self) -> Any:
        return self

    def __next__(self) -> bytes:
        if self.ended:
            raise StopIteration
        chunk = next(self.chunks, None) if self.recorded is not None else self._real_chunk()
        if chunk is not None:
            self.call.deliver(chunk)
            return chunk.data
        end = self.recorded_end() if self.recorded is not None else End()
        self.ended = True
        self.call.deliver(end)
        if end.failure is not None:
            raise self.library.error(end, self.request)
        raise StopIteration

    def _real_chunk(self) -> Chunk | None:
        if self.iterator is None:
            self.iterator = iter(self.real)
        try:
            with boundary.inside():
                return Chunk(next(self.iterator))
        except StopIteration:
            return None
        except BaseException as error:
            self.ended = True
            self.call.deliver(self.library.failures.end(error, started=True))
            raise

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))
        if self.real is not None:
            with boundary.inside():
                self.real.close()


class _AsyncStream(_Stream):
    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> bytes:
        if self.ended:
            raise StopAsyncIteration
        chunk = next(self.chunks, None) if self.recorded is not None else await self._real_chunk()
        if chunk is not None:
            await self.call.adeliver(chunk)
            return chunk.data
        end = self.recorded_end() if self.recorded is not None else End()
        self.ended = True
        await self.call.adeliver(end)
        if end.failure is not None:
            raise self.library.error(end, self.request)
        raise StopAsyncIteration

    async def _real_chunk(self) -> Chunk | None:
        if self.iterator is None:
            self.iterator = aiter(self.real)
        try:
            with boundary.inside():
                return Chunk(await anext(self.iterator))
        except StopAsyncIteration:
            return None
        except Exception as error:
            self.ended = True
            await self.call.adeliver(self.library.failures.end(error, started=True))
            raise
        except CancelledError as error:
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
        if self.real is not None:
            with boundary.inside():
                await self.real.aclose()


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


@lru_cache(maxsize=1024)
def _raw(fields: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
