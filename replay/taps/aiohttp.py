"""``aiohttp``: one level inside ``ClientSession._request``.

Seam: the innermost client middleware, which sees each hop. Redirects, cookies, ``history``, ``raise_for_status``,
the retry on a dropped connection and the program's own middlewares all lie above it and stay aiohttp's own.
Bodies are :mod:`replay.taps.aiohttp_stream`.
"""

from __future__ import annotations

import inspect
import io
import json
import sys
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any

from replay.errors import UsageError
from replay.events import Answer, End, Failure, Head, Headers, Request
from replay.taps import aiohttp_stream, aiohttp_websocket, boundary
from replay.taps.boundary import Boundary, Call
from replay.taps.failures import SYSTEM, Failures, exceptions_of
from replay.taps.patch import wrap
from replay.taps.resend import aresent

Handler = Callable[[Any], Awaitable[Any]]


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``aiohttp`` 3.12 or newer."""
    if "middlewares" not in inspect.signature(module.ClientSession._request).parameters:
        wrap(module.ClientSession, "_request", _refuse_old)
        return
    library = _Library(module)
    wrap(module.ClientSession, "_request", library.request)
    wrap(module.ClientSession, "_ws_connect", aiohttp_websocket.connecting(module, library.end, library.error))


def _refuse_old(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _request(session: Any, *args: Any, **options: Any) -> Any:
        if boundary.current() is not None:
            raise UsageError("this aiohttp is too old to be recorded", hint="pip install 'aiohttp>=3.12'")
        return await original(session, *args, **options)

    return _request


class _Library:
    """The classes of aiohttp."""

    def __init__(self, module: ModuleType) -> None:
        self.errors = module.client_exceptions
        self.failures = Failures(SYSTEM | exceptions_of(self.errors), base=self.errors.ClientConnectionError)
        self.stream = aiohttp_stream.stream_class(module)
        self.empty = module.streams.EMPTY_PAYLOAD
        self.payload = module.payload
        self.message = module.http_parser.RawResponseMessage
        self.version = module.HttpVersion
        self.multidict = sys.modules["multidict"]
        self.names = _names(module, self.multidict.istr)

    def end(self, error: Exception) -> End:
        if isinstance(error, self.errors.ClientResponseError):
            arguments = json.dumps([error.status]).encode()
            return End("failed", Failure(type(error).__name__, error.message, arguments))
        return self.failures.end(error, started=False)

    def error(self, failure: Failure | None, req: Any) -> BaseException:
        """The recorded failure as aiohttp's own exception, about the request of now."""
        failures, errors = self.failures, self.errors
        if failure is None:
            return failures.base("the recorded program gave this request up before an answer came")
        kind: Any = failures.kind(failure)
        arguments = failures.arguments(failure)
        if issubclass(kind, errors.ClientResponseError):
            status = next((number for number in arguments if isinstance(number, int)), 0)
            response_error: Exception = kind(req.request_info, (), status=status, message=failure.message)
            return response_error
        if issubclass(kind, errors.ClientConnectorError):
            cause = next((cause for cause in arguments if isinstance(cause, Exception)), OSError(failure.message))
            path = [failure.message] if issubclass(kind, errors.UnixClientConnectorError) else []
            connector_error: Exception = kind(*path, req.connection_key, cause)
            return connector_error
        return failures.build(failure)

    def request(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def _request(client: Any, *args: Any, **options: Any) -> Any:
            session = boundary.current()
            if session is None or _is_upgrade(options.get("headers")):
                return await original(client, *args, **options)
            asked = options.get("auto_decompress")
            limit = options.get("read_bufsize") or client._read_bufsize
            crossing = _Crossing(self, session, client._auto_decompress if asked is None else asked, limit)
            own = options.get("middlewares")
            options["middlewares"] = (*(client._middlewares if own is None else own), crossing)
            options["auto_decompress"] = False
            return await original(client, *args, **options)

        return _request


def _names(module: ModuleType, kind: type[str]) -> dict[str, str]:
    """How the parser in use spells the fields it knows: the one in C by its own list, the one in Python as received."""
    if not module.http_parser.HttpResponseParser.__module__.endswith("._http_parser"):
        return {}
    return {name.lower(): name for name in vars(module.hdrs).values() if isinstance(name, kind)}


def _is_upgrade(headers: Any) -> bool:
    """Whether this is the handshake of a WebSocket, which is no exchange."""
    names = headers if isinstance(headers, Mapping) else [name for name, _ in headers or ()]
    return any(str(name).lower() == "upgrade" for name in names)


class _Crossing:
    """The middleware of one call: every hop of it crosses the boundary."""

    def __init__(self, library: _Library, session: Boundary, decompress: bool, limit: int) -> None:
        self.library = library
        self.session = session
        self.decompress = decompress
        self.limit = limit

    async def __call__(self, req: Any, handler: Handler) -> Any:
        body = await _body_bytes(self.library, req)
        call = self.session.issue(Request("http", req.method, str(req.url), _text_headers(req.headers.items()), body))
        if call.served is not None:
            return await self._serve(call, call.served, req)
        if call.instead is not None:
            return await self._serve(call, await aresent(call.instead), req)
        return await self._live(call, req, handler)

    async def _live(self, call: Call, req: Any, handler: Handler) -> Any:
        try:
            with boundary.inside():
                response = await handler(req)
        except Exception as error:
            await call.adeliver(self.library.end(error))
            raise
        except CancelledError:
            await call.adeliver(End("closed"))
            raise
        except BaseException:
            call.deliver(End("closed"))
            raise
        await call.adeliver(_head(response))
        if _has_no_body(req.method, response.status, response.headers):
            await call.adeliver(End())
        else:
            source = aiohttp_stream.Live(call, response.content, self.library.failures)
            response.content = self._stream(source, req, response.headers)
        return response

    async def _serve(self, call: Call, answer: Answer, req: Any) -> Any:
        if answer.head is None:
            # A request that was cancelled never had an answer: it waits here until it is cancelled again.
            await call.adeliver(answer.end if answer.end is not None and answer.failure is not None else End())
            raise self.library.error(answer.failure, req)
        await call.adeliver(answer.head)
        headers = self._headers(answer.head)
        if _has_no_body(req.method, answer.head.status, headers):
            await call.adeliver(End())
            content = self.library.empty
        else:
            source = aiohttp_stream.Served(call, answer, lambda failure: self.library.error(failure, req))
            content = self._stream(source, req, headers)
        return await _response(req).start(_Connection(self._message(answer.head, headers), content))

    def _stream(self, source: aiohttp_stream.Source, req: Any, headers: Any) -> Any:
        encoding = headers.get("Content-Encoding", "").lower() if self.decompress else ""
        length = None if _is_chunked(headers) else _content_length(headers)
        stream = self.library.stream(aiohttp_stream.Flow(), limit=self.limit, timer=req._timer, loop=req.loop)
        stream.draw_from(source, encoding=encoding, is_chunked=_is_chunked(headers), length=length)
        return stream

    def _headers(self, head: Head) -> Any:
        names = self.library.names
        items = [
            (names.get(name.lower(), name), value.encode("latin-1", "replace").decode("utf-8", "surrogateescape"))
            for name, value in head.headers
        ]
        return self.library.multidict.CIMultiDictProxy(self.library.multidict.CIMultiDict(items))

    def _message(self, head: Head, headers: Any) -> Any:
        raw = tuple(
            [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in head.headers]
        )
        version = self.library.version(1, 0 if head.http_version == "HTTP/1.0" else 1)
        return self.library.message(
            version, head.status, head.reason, headers, raw, False, None, False, _is_chunked(headers)
        )


class _Connection:
    """The connection of a served response: its protocol hands over the one message, and there is nothing to release."""

    transport = None
    upgraded = False

    def __init__(self, message: Any, content: Any) -> None:
        self.protocol: Any = self
        self._answers = [(message, content)]
        self._callbacks: list[Callable[[], None]] = []

    async def read(self) -> Any:
        if not self._answers:
            raise ConnectionResetError("the recorded answer is no final one")
        return self._answers.pop()

    def add_callback(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def release(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
        self.protocol = None

    close = release

    @property
    def closed(self) -> bool:
        return self.protocol is None


class _Collected:
    """As much of a stream writer as a payload writes to."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.output_size = 0

    async def write(self, chunk: Any) -> None:
        self.data += chunk
        self.output_size = len(self.data)

    async def write_eof(self, chunk: Any = b"") -> None:
        await self.write(chunk)

    async def drain(self) -> None:
        """Nothing to wait for."""


async def _body_bytes(library: _Library, req: Any) -> bytes:
    """The request's body, before any compression. One that can be read only once is replaced by its bytes."""
    body, payload = req._body, library.payload
    if body is None:
        return b""
    if isinstance(body, payload.BytesPayload):
        return bytes(body._value)
    collected = _Collected()
    if isinstance(body, payload.AsyncIterablePayload):  # the program's own code: what it asks of the world is recorded
        await body.write(collected)
    else:
        with boundary.inside():
            await body.write(collected)
    await body.close()
    req._body = payload.BytesIOPayload(io.BytesIO(bytes(collected.data)))
    return bytes(collected.data)


def _response(req: Any) -> Any:
    """An empty response to ``req``, made as ``ClientRequest.send`` makes it."""
    make = req.response_class
    known = {
        "writer": None,
        "continue100": None,
        "timer": req._timer,
        "request_info": req.request_info,
        "traces": req._traces,
        "loop": req.loop,
        "session": req._session,
        "stream_writer": _Collected(),
    }
    accepted = inspect.signature(make.__init__).parameters
    return make(req.method, req.original_url, **{name: value for name, value in known.items() if name in accepted})


def _head(response: Any) -> Head:
    version = f"HTTP/{response.version.major}.{response.version.minor}"
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
    return Head(response.status, response.reason or "", version, tuple(headers))


def _text_headers(items: Any) -> Headers:
    return tuple([(str(name), str(value)) for name, value in items])


def _is_chunked(headers: Any) -> bool:
    return "chunked" in headers.get("Transfer-Encoding", "").lower()


def _content_length(headers: Any) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _has_no_body(method: str, status: int, headers: Any) -> bool:
    """RFC 9112, 6.3: known from the head alone, so that live and replay agree on it."""
    if method == "HEAD" or status in (204, 304) or 100 <= status < 200:
        return True
    return not _is_chunked(headers) and _content_length(headers) == 0
