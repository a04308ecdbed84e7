"""``http.client`` by itself, and what stands on it: ``httplib2``, ``xmlrpc.client``.

Seam: what a connection sends and the response that it gives (:mod:`replay.taps.http_asking`). ``urllib.request``,
``urllib3`` and all above have taps of their own, and pass here as part of those.

While a run is recorded, ``connect`` connects at once. On replay it does nothing: a connection that could not be made
shows at the request.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from replay.events import End
from replay.taps import boundary
from replay.taps.patch import wrap

ASKING: Final = "_replay_asking"
"""Where a connection keeps the request that is being made."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``http.client``."""
    wrap(module.HTTPConnection, "send", lambda original: _send(module, original))
    wrap(module.HTTPConnection, "getresponse", _getresponse)
    wrap(module.HTTPConnection, "close", _close)
    wrap(module.HTTPConnection, "connect", _connect)
    wrap(module.HTTPSConnection, "connect", _connect)


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(connection: Any) -> None:
        session = boundary.current()
        if session is None or not session.serves:
            with boundary.inside():
                original(connection)

    return connect


def _send(module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    def send(connection: Any, data: Any) -> None:
        if boundary.current() is None:
            original(connection, data)
            return
        asking = connection.__dict__.get(ASKING)
        if asking is None:
            # Imported here: taps import http.client themselves, and are then not yet ready to be used.
            from replay.taps.http_asking import Asking

            asking = connection.__dict__[ASKING] = Asking(module, connection, original)
        asking.feed(data)

    return send


def _getresponse(original: Callable[..., Any]) -> Callable[..., Any]:
    def getresponse(connection: Any) -> Any:
        asking = connection.__dict__.pop(ASKING, None)
        return original(connection) if asking is None else asking.answer(original)

    return getresponse


def _close(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(connection: Any) -> None:
        asking = connection.__dict__.pop(ASKING, None)
        if asking is not None and asking.call is not None:
            asking.call.deliver(End("closed"))
        original(connection)

    return close
