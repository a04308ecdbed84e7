"""``grpc``: channels of its blocking interface.

Seam: what a channel makes for each method, below the program's interceptors. What passes there is serialized, and kept
so. A status that is no success is an answer like others. Where the program streams its request, a thread of the
program's takes the messages from its iterator, live and on replay.

Not seen: channels over Unix sockets. Time limits of ``future().result()`` do not pass on replay.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from replay.canon.grpc import frame
from replay.events import Request
from replay.taps import boundary
from replay.taps import grpc_wire as wire
from replay.taps.boundary import Boundary
from replay.taps.grpc_calls import Library, One, Rpc, Stream
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``grpc._channel``."""
    library = Library(module)
    for name, kind in _KINDS.items():
        wrap(module.Channel, name, functools.partial(_made, library, kind))
        getattr(module.grpc, kind.stands_for).register(kind)
    for stands_for in (module.grpc.Call, module.grpc.Future):
        stands_for.register(Rpc)
    wrap(module.Channel, "subscribe", lambda original: _subscribe(module, original))
    wrap(_plugins()._Plugin, "__call__", _within)


def _plugins() -> Any:
    from importlib import import_module

    return import_module("grpc._plugin_wrapping")


def _within(original: Callable[..., Any]) -> Callable[..., Any]:
    """Credentials fetch their tokens in a thread of gRPC's, for real calls alone: that is part of those."""

    def __call__(*args: Any, **options: Any) -> Any:
        with boundary.inside():
            return original(*args, **options)

    return __call__


def _subscribe(module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    """Who asks whether a channel is connected is told yes on replay."""

    def subscribe(channel: Any, callback: Callable[[Any], None], *args: Any, **options: Any) -> None:
        session = boundary.current()
        if session is not None and session.serves:
            callback(module.grpc.ChannelConnectivity.READY)
        else:
            with boundary.inside():
                original(channel, callback, *args, **options)

    return subscribe


def _made(library: Library, kind: type[_Method], original: Callable[..., Any]) -> Callable[..., Any]:
    def make(
        channel: Any,
        method: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        def real(serializer: Any, deserializer: Any) -> Any:
            return original(channel, method, serializer, deserializer, *args, **options)

        if wire.is_local(channel._target):
            return real(request_serializer, response_deserializer)
        return kind(library, wire.target(channel._target, method), real, request_serializer, response_deserializer)

    return make


class _Method:
    """What the program calls. ``plain`` and ``raw`` are the real one: with the program's serializers, and without."""

    stands_for = ""

    def __init__(
        self, library: Library, target: str, real: Callable[..., Any], serializer: Any, deserializer: Any
    ) -> None:
        self.library = library
        self.target = target
        self.real = real
        self.serializer = serializer
        self.deserializer = deserializer

    @functools.cached_property
    def plain(self) -> Any:
        return self.real(self.serializer, self.deserializer)

    @functools.cached_property
    def raw(self) -> Any:
        return self.real(None, None)

    def asks(self, kind: type[Rpc], session: Boundary, data: bytes | None, options: dict[str, Any]) -> Any:
        fields = (*wire.TYPED, *wire.headers(options.get("metadata")))
        body = b"" if data is None else frame(data)
        return kind(self.library, self.deserializer, session, Request("http", "POST", self.target, fields, body))


def _options(args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The arguments besides the request, by name."""
    names = ("timeout", "metadata", "credentials", "wait_for_ready", "compression")
    return {**dict(zip(names, args, strict=False)), **options}


class _Unary(_Method):
    """One message comes back. ``with_call`` gives the call besides."""

    def __call__(self, request: Any, *args: Any, **options: Any) -> Any:
        return self.with_call(request, *args, **options)[0]

    def with_call(self, request: Any, *args: Any, **options: Any) -> tuple[Any, Any]:
        rpc = self.begin(request, _options(args, options), "with_call")
        if rpc is None:
            told: tuple[Any, Any] = self.plain.with_call(request, *args, **options)
            return told
        return rpc.result(), rpc

    def future(self, request: Any, *args: Any, **options: Any) -> Any:
        rpc = self.begin(request, _options(args, options), "future")
        return self.plain.future(request, *args, **options) if rpc is None else rpc

    def begin(self, request: Any, options: dict[str, Any], way: str) -> One | None:
        raise NotImplementedError


class _UnaryUnary(_Unary):
    stands_for = "UnaryUnaryMultiCallable"

    def begin(self, request: Any, options: dict[str, Any], way: str) -> One | None:
        session = boundary.current()
        data = self.library.serialize(request, self.serializer) if session is not None else None
        if session is None or data is None:  # the library says what is wrong with it
            return None
        rpc: One = self.asks(One, session, data, options)
        rpc.start(way, lambda: getattr(self.raw, way)(data, **options))
        return rpc


class _StreamUnary(_Unary):
    stands_for = "StreamUnaryMultiCallable"

    def begin(self, request: Iterable[Any], options: dict[str, Any], way: str) -> One | None:
        session = boundary.current()
        if session is None:
            return None
        rpc: One = self.asks(One, session, None, options)
        fed = rpc.feed(request, self.serializer)
        rpc.start(way, lambda: getattr(self.raw, way)(fed, **options))
        return rpc


class _UnaryStream(_Method):
    stands_for = "UnaryStreamMultiCallable"

    def __call__(self, request: Any, *args: Any, **options: Any) -> Any:
        session, options = boundary.current(), _options(args, options)
        data = self.library.serialize(request, self.serializer) if session is not None else None
        if session is None or data is None:
            return self.plain(request, **options)
        rpc: Stream = self.asks(Stream, session, data, options)
        rpc.start(lambda: self.raw(data, **options))
        return rpc


class _StreamStream(_Method):
    stands_for = "StreamStreamMultiCallable"

    def __call__(self, request_iterator: Iterable[Any], *args: Any, **options: Any) -> Any:
        session, options = boundary.current(), _options(args, options)
        if session is None:
            return self.plain(request_iterator, **options)
        rpc: Stream = self.asks(Stream, session, None, options)
        fed = rpc.feed(request_iterator, self.serializer)
        rpc.start(lambda: self.raw(fed, **options))
        return rpc


_KINDS: dict[str, type[_Method]] = {
    "unary_unary": _UnaryUnary,
    "unary_stream": _UnaryStream,
    "stream_unary": _StreamUnary,
    "stream_stream": _StreamStream,
}
