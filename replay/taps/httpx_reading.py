"""Reading a response of ``httpx`` or ``httpx2``: its body at once, and how long it took.

``Response.read`` joins what four generators hand from one to the other, which is a third of what a replayed call costs.
Where the body is one of ours, whole and not compressed, nothing can tell that they did not run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

from replay.taps.httpx_stream import Served, Stream
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap the responses of ``module``."""
    response = module.Response
    wrap(response, "read", _read)
    wrap(response, "aread", _aread)
    wrap(response, "__getstate__", _getstate)
    if not isinstance(response.elapsed, Elapsed):
        response.elapsed = Elapsed.instead_of(response.elapsed)


def _read(original: Callable[..., bytes]) -> Callable[..., bytes]:
    def read(self: Any) -> bytes:
        stream = _unread(self)
        body = None if stream is None else stream.whole(self)
        return original(self) if body is None else _has_read(self, body)

    return read


def _aread(original: Callable[..., Any]) -> Callable[..., Any]:
    async def aread(self: Any) -> bytes:
        stream = _unread(self)
        if isinstance(stream, Served):
            body = stream.whole(self)
        else:
            body = None if stream is None else await stream.awhole(self)
        if body is None:
            return await original(self)  # type: ignore[no-any-return]
        return _has_read(self, body)

    return aread


def _has_read(response: Any, body: bytes) -> bytes:
    """What reading ``body`` leaves behind in ``response``."""
    response.is_closed = response.is_stream_consumed = True
    response._num_bytes_downloaded = len(body)
    response._content = body
    return body


def _unread(response: Any) -> Any:
    """The body of ``response`` if it is one of ours, not compressed, and nobody has begun to read it; else None."""
    if response.is_stream_consumed or response.is_closed:
        return None
    stream = _stream(response)
    return stream if stream is not None and stream.is_plain else None


def _stream(response: Any) -> Stream | None:
    """Our body of ``response``: its stream, or what a client has put its own around."""
    stream = getattr(response, "stream", None)
    if not isinstance(stream, Stream):
        stream = getattr(stream, "_stream", None)
    return stream if isinstance(stream, Stream) else None


class Elapsed(property):
    """``Response.elapsed``, from the times in the cassette: a replay is told what the recorded run was told."""

    @classmethod
    def instead_of(cls, original: property) -> Elapsed:
        of_client = original.fget
        assert of_client is not None

        def elapsed(self: Any) -> timedelta:
            stream = _stream(self)
            took = None if stream is None else stream.call.elapsed
            if took is None:
                return of_client(self)  # type: ignore[no-any-return]
            return timedelta(microseconds=took // 1000)

        return cls(elapsed, original.fset, original.fdel, original.__doc__)


def _getstate(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A pickled response has no stream, and so has to know how long it took."""

    def __getstate__(self: Any) -> dict[str, Any]:
        stream = _stream(self)
        told = {} if stream is None or stream.call.elapsed is None else {"_elapsed": self.elapsed}
        return {**original(self), **told}

    return __getstate__
