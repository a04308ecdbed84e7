"""The bodies of aiohttp's responses: pulled, not pushed.

The program's own read asks for the next piece, live or recorded, which is delivered and then fed to the stream that the
program holds. No task or callback is added, and aiohttp's flow control stays in force. Decompression, which aiohttp
does in its parser, is moved above this point, so that what is kept is what came.

One HTTP chunk may come in pieces. After a piece that its chunk goes on beyond, an empty chunk is delivered, so that
``iter_chunks`` tells the same ends of chunks on replay.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from replay.events import Answer, Chunk, End, Failure
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.failures import Failures

ENCODINGS: Final = frozenset({"gzip", "deflate", "br", "zstd"})
"""What aiohttp's parser decompresses."""

Feed = Callable[[bytes, bool], None]
"""Takes raw bytes, and whether an HTTP chunk ends with them."""


class Source:
    """Where a body comes from. ``ended``: its end has been delivered."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.ended = False

    async def next(self, feed: Feed, is_chunked: bool) -> bool:
        """Deliver one piece and feed it; at the end of the body deliver that, and return False."""
        raise NotImplementedError

    @property
    def is_drained(self) -> bool:
        """Whether no piece can come any more."""
        raise NotImplementedError

    async def end(self, end: End) -> None:
        self.ended = True
        await self.call.adeliver(end)

    def close(self) -> None:
        """The program has had enough."""
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))


class Live(Source):
    """What aiohttp's parser feeds to ``real``, its own reader, still compressed."""

    def __init__(self, call: Call, real: Any, failures: Failures) -> None:
        super().__init__(call)
        self.real = real
        self.failures = failures

    async def next(self, feed: Feed, is_chunked: bool) -> bool:
        try:
            with boundary.inside():
                data, is_end = await self._read()
        except Exception as error:
            await self.end(self.failures.end(error, started=True))
            raise
        if not data and not is_end:
            await self.end(End())
            return False
        try:
            await self.call.adeliver(Chunk(data))
            if is_chunked and not is_end:
                await self.call.adeliver(Chunk(b""))
        finally:  # off the wire it is gone: a reader cancelled here finds it at its next read
            feed(data, is_end)
        return True

    async def _read(self) -> tuple[bytes, bool]:
        """What came before the body broke comes first: aiohttp drops it, when its reader was not there in time."""
        broken = self.real._exception
        if broken is None or not self.real._buffer:
            return await self.real.readchunk()  # type: ignore[no-any-return]
        self.real._exception = None
        try:
            return await self.real.readchunk()  # type: ignore[no-any-return]
        finally:
            self.real._exception = broken

    @property
    def is_drained(self) -> bool:
        drained: bool = self.real.at_eof()
        return drained


class Served(Source):
    """A recorded body. ``rebuild`` makes aiohttp's own exception of a failure."""

    def __init__(self, call: Call, answer: Answer, rebuild: Callable[[Failure], BaseException]) -> None:
        super().__init__(call)
        self.answer = answer
        self.rebuild = rebuild
        self.position = 0

    async def next(self, feed: Feed, is_chunked: bool) -> bool:
        if self.is_drained:
            await self._last()
            return False
        data = await self._take()
        is_end = self.is_drained or bool(self.answer.chunks[self.position].data)
        if is_chunked and not is_end:
            await self._take()
        feed(data, is_end)
        return True

    @property
    def is_drained(self) -> bool:
        return self.position >= len(self.answer.chunks)

    async def _take(self) -> bytes:
        chunk = self.answer.chunks[self.position]
        await self.call.adeliver(chunk)
        self.position += 1
        return chunk.data

    async def _last(self) -> None:
        """Break as recorded; else all has been read, whatever the recorded program did (the engine compares)."""
        failure = self.answer.failure
        if failure is None:
            await self.end(End())
            return
        await self.end(End("broken", failure))
        raise self.rebuild(failure)


class Flow:
    """The protocol of a stream that is fed on demand: connected, and never in need of a pause."""

    connected = True
    _reading_paused = False

    def pause_reading(self) -> None:
        """The buffer holds what one read asked for."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """See above."""


class _Stream:
    """The body as the program reads it; mixed into aiohttp's ``StreamReader``, whose buffer and methods it is.

    Where that one would wait for the connection to feed it, this one goes and gets the next piece.
    """

    _eof: bool
    _inflate: Any
    _coding_error: type[Exception]
    _payload_error: type[Exception]

    def draw_from(self, source: Source, *, encoding: str, is_chunked: bool, length: int | None) -> None:
        """``length`` is the raw body's, if its head tells."""
        self._source = source
        self._encoding = encoding if encoding in ENCODINGS else ""
        self._is_chunked = is_chunked
        self._length = length
        self._taken = 0
        self._sink: Any = None
        self._is_pulling = False

    async def wait_eof(self) -> None:
        while not self._eof:
            await self._wait("wait_eof")

    def set_exception(self, exc: BaseException, *cause: Any) -> None:
        """The program closed or released the response, or the body broke."""
        self._source.close()
        super().set_exception(exc, *cause)  # type: ignore[misc]

    async def _wait(self, func_name: str) -> None:
        if self._is_pulling:
            raise RuntimeError(f"{func_name}() called while another coroutine is already waiting for incoming data")
        self._is_pulling = True
        try:
            await self._pull()
        except Exception as error:
            self.set_exception(error)
            raise
        finally:
            self._is_pulling = False

    async def _pull(self) -> None:
        """One piece; with the last byte of a known length comes the end."""
        going_on = await self._source.next(self._feed, self._is_chunked)
        if going_on and self._length is not None and self._taken >= self._length and self._source.is_drained:
            going_on = await self._source.next(self._feed, self._is_chunked)
        if not going_on:
            self._decoding(lambda sink: sink.feed_eof())

    def _feed(self, data: bytes, is_end: bool) -> None:
        self._taken += len(data)
        more = self._decoding(lambda sink: sink.feed_data(data, len(data)))
        while more:  # a decompressor that gives its output in portions
            more = self._decoding(lambda sink: sink.feed_data(b"", 0))
        if self._is_chunked and is_end:
            self._decoding(lambda sink: sink.end_http_chunk_receiving())

    def _decoding(self, step: Callable[[Any], Any]) -> Any:
        try:
            if self._sink is None:
                self._sink = self._inflate(self, self._encoding) if self._encoding else self
                if self._is_chunked:
                    self._sink.begin_http_chunk_receiving()
            return step(self._sink)
        except self._coding_error as error:
            raise self._payload_error(str(error)) from error


def stream_class(module: ModuleType) -> Any:
    """The stream class for ``module``, which is ``aiohttp``."""
    classes = {
        "_inflate": staticmethod(module.http_parser.DeflateBuffer),
        "_coding_error": module.http_exceptions.ContentEncodingError,
        "_payload_error": module.client_exceptions.ClientPayloadError,
    }
    return type("StreamReader", (_Stream, module.StreamReader), classes)
