"""The ``ClientSession`` of ``mcp``: each request that it makes of its server.

Seams: its dispatcher (``mcp`` 2); its ``send_request`` and what it does when it hears from the server (``mcp`` 1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from replay.taps import boundary, outside
from replay.taps.boundary import Boundary
from replay.taps.mcp.asking import Asking
from replay.taps.mcp.link import Link
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``mcp.client.session``. Idempotent."""
    client = module.ClientSession
    if hasattr(module, "JSONRPCDispatcher"):
        wrap(client, "__init__", _init)
        return
    for name, make in _FIRST.items():
        wrap(client, name, make)


def session_here() -> Boundary | None:
    """The session in which requests made here are events, or None."""
    session = boundary.current()
    return session if session is not None and outside.follows("frameworks") else None


# mcp 2 -------------------------------------------------------------------------------------------------------------


def _init(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._dispatcher = _Dispatcher(self._dispatcher)

    return __init__


class _Dispatcher:
    """Stands in for the dispatcher of a client's session; what is not told here is the original's."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._link = Link()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def run(self, on_request: Any, on_notify: Any, *args: Any, **kwargs: Any) -> Any:
        link = self._link
        link.hear = lambda method, params: on_notify(None, method, params)
        return await self._real.run(link.helping(on_request), link.hearing(on_notify), *args, **kwargs)

    async def send_raw_request(self, method: str, params: Any, opts: Any = None, **kwargs: Any) -> Any:
        session = session_here()
        if session is None:
            return await self._real.send_raw_request(method, params, opts, **kwargs)
        given = dict(opts or {})
        asking = Asking(session, self._link, method, params, given.get("on_progress"))
        if asking.progress is not None:
            given["on_progress"] = asking.progress
        return await asking.ask(lambda: self._real.send_raw_request(method, params, given, **kwargs))

    async def notify(self, method: str, params: Any, opts: Any = None, **kwargs: Any) -> None:
        await self._link.tell(lambda: self._real.notify(method, params, opts, **kwargs))


# mcp 1 -------------------------------------------------------------------------------------------------------------

_links: WeakKeyDictionary[Any, Link] = WeakKeyDictionary()


def _link_of(client: Any) -> Link:
    if client not in _links:
        _links[client] = Link()
    return _links[client]


def _data(model: Any) -> dict[str, Any]:
    """A model of the protocol as the JSON that goes over the wire."""
    data: dict[str, Any] = model.model_dump(by_alias=True, mode="json", exclude_none=True)
    return data


def _send_request(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def send_request(
        self: Any, request: Any, result_type: Any, *args: Any, progress_callback: Any = None, **kwargs: Any
    ) -> Any:
        session = session_here()
        if session is None:
            return await original(self, request, result_type, *args, progress_callback=progress_callback, **kwargs)
        asked = _data(request)
        asking = Asking(session, _link_of(self), asked["method"], asked.get("params"), progress_callback)

        async def real() -> Any:
            options = {**kwargs, "progress_callback": asking.progress}
            return _data(await original(self, request, result_type, *args, **options))

        return result_type.model_validate(await asking.ask(real))

    return send_request


def _send_notification(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def send_notification(self: Any, notification: Any, *args: Any, **kwargs: Any) -> None:
        await _link_of(self).tell(lambda: original(self, notification, *args, **kwargs))

    return send_notification


def _received_request(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def received_request(self: Any, responder: Any) -> None:
        await _link_of(self).helping(original)(self, responder)

    return received_request


_FIRST = {
    "send_request": _send_request,
    "send_notification": _send_notification,
    "_received_request": _received_request,
}
