"""The bodies of responses of ``httpx`` and ``httpx2``: from the world, or from the cassette."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from replay.events import Answer, Chunk, End, Part
from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.cancelled import failed_or_cancelled

if TYPE_CHECKING:
    from replay.taps.httpx import Library


class Stream:
    """A body with a position: whoever iterates goes on where the last one stopped.

    The copy belongs to this object and not to one iterator: ``openai`` 3 reads to ``[DONE]``, drops that iterator and
    drains the rest through a second one. ``is_plain``: it is not compressed.
    """

    def __init__(self, library: Library, call: Call, *, is_plain: bool) -> None:
        self.library = library
        self.call = call
        self.is_plain = is_plain
        self.ended = False


class Live(Stream):
    """A body that comes from the world."""

    def __init__(self, library: Library, call: Call, real: Any, *, is_plain: bool) -> None:
        super().__init__(library, call, is_plain=is_plain)
        self.real = real
        self.iterator: Any = None


class Served(Stream):
    """A body that comes from the cassette; ``request`` is the one that its errors belong to."""

    def __init__(self, library: Library, call: Call, answer: Answer, request: Any, is_plain: bool) -> None:
        self.library = library  # as the base class does: one call less for each answer of a replay
        self.call = call
        self.is_plain = is_plain
        self.ended = False
        self.answer = answer
        self.chunks = iter(answer.chunks)
        self.request = request

    def ends(self) -> End:
        """How it ends for a program that has read all of it."""
        self.ended = True
        end = self.answer.end
        return end if end is not None and end.ending == "broken" else End()

    def whole(self, _response: Any) -> bytes | None:
        """All of the body, where nothing would come between its parts; else None, and nothing is read."""
        if not self.call.deliver_rest():
            return None
        self.ended = True
        return self.answer.body


class SyncLive(Live):
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

    def whole(self, response: Any) -> bytes:
        """All of the body of ``response``, for a program that gets none of it before the end comes."""
        response.is_stream_consumed = True
        chunks: list[bytes] = []
        try:
            iter(self)
            while (data := self._next(chunks)) is not None:
                chunks.append(data)
                response._num_bytes_downloaded += len(data)
            self.ended = True
            if not self.call.deliver_body(chunks):
                for part in _parts(chunks, End()):
                    self.call.deliver(part)
        except self.library.request_error as error:
            error.request = response.request  # as httpx does
            raise
        finally:
            response.close()
        return b"".join(chunks)

    def _next(self, before: Sequence[bytes] = ()) -> bytes | None:
        """The next chunk, or None. ``before``: those that are still to be delivered, if there comes none."""
        try:
            outside = boundary.enter(True)
            try:
                return next(self.iterator, None)
            finally:
                boundary.leave(outside)
        except BaseException as error:
            self.ended = True
            for part in _parts(before, self.library.failures.end(error, started=True)):
                self.call.deliver(part)
            raise

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))
        with boundary.inside():
            self.real.close()


class SyncServed(Served):
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


class AsyncLive(Live):
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

    async def awhole(self, response: Any) -> bytes:
        """The coroutine twin of :meth:`SyncLive.whole`."""
        response.is_stream_consumed = True
        chunks: list[bytes] = []
        try:
            aiter(self)
            while (data := await self._next(chunks)) is not None:
                chunks.append(data)
                response._num_bytes_downloaded += len(data)
            self.ended = True
            if not self.call.deliver_body(chunks):
                for part in _parts(chunks, End()):
                    await self.call.adeliver(part)
        except self.library.request_error as error:
            error.request = response.request  # as httpx does
            raise
        finally:
            await response.aclose()
        return b"".join(chunks)

    async def _next(self, before: Sequence[bytes] = ()) -> bytes | None:
        try:
            with boundary.inside():
                return await anext(self.iterator)
        except StopAsyncIteration:
            return None
        except failed_or_cancelled() as error:
            self.ended = True
            for part in _parts(before, self.library.failures.end(error, started=True)):
                await self.call.adeliver(part)
            raise
        except BaseException as error:
            self.ended = True
            for part in _parts(before, self.library.failures.end(error, started=True)):
                self.call.deliver(part)
            raise

    async def aclose(self) -> None:
        if not self.ended:
            self.ended = True
            self.call.deliver(End("closed"))
        with boundary.inside():
            await self.real.aclose()


class AsyncServed(Served):
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


def _parts(chunks: Sequence[bytes], end: End) -> list[Part]:
    return [*map(Chunk, chunks), end]
