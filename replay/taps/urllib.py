"""``urllib.request``: its HTTP handlers' ``do_open``, below redirects, cookies and authentication."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from replay.events import Answer, End, Request
from replay.taps import boundary, wire
from replay.taps.boundary import Call
from replay.taps.failures import SYSTEM, Failures
from replay.taps.patch import wrap
from replay.taps.resend import resent

FAILURES: Final = Failures(SYSTEM | {"urllib.error.URLError": urllib.error.URLError}, base=urllib.error.URLError)


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``urllib.request``."""
    wrap(module.AbstractHTTPHandler, "do_open", _do_open)


def _do_open(original: Callable[..., Any]) -> Callable[..., Any]:
    def do_open(handler: Any, http_class: Any, req: Any, **options: Any) -> Any:
        session = boundary.current()
        if session is None:
            return original(handler, http_class, req, **options)
        data, body = wire.body_bytes(req.data)
        call = session.issue(Request("http", req.get_method(), _target(req), _headers(req), data))
        if call.served is not None:
            return _serve(call, call.served, req)
        if call.instead is not None:
            return _serve(call, resent(call.instead), req)
        return _live(call, req, body, lambda: original(handler, http_class, req, **options))

    return do_open


def _live(call: Call, req: Any, body: Any, perform: Callable[[], Any]) -> Any:
    given, req._data = req._data, body  # the setter of `data` would drop the Content-Length
    try:
        with boundary.inside():
            response = perform()
    except BaseException as error:
        call.deliver(FAILURES.end(error, started=False))
        raise
    finally:
        req._data = given
    call.deliver(wire.head(response))
    wire.record_body(call, response)
    return response


def _serve(call: Call, answer: Answer, req: Any) -> Any:
    if answer.head is None:
        call.deliver(answer.end or End("closed"))
        if answer.failure is None:
            raise urllib.error.URLError("the recorded program gave this request up before an answer came")
        raise FAILURES.build(answer.failure)
    response: Any = wire.serve(call, answer, req.get_method())
    response.url = req.get_full_url()
    response.msg = response.reason  # as `do_open` does for the sake of old callers
    return response


def _target(req: Any) -> str:
    url: str = req.full_url
    return url.partition("#")[0]


def _headers(req: Any) -> tuple[tuple[str, str], ...]:
    """The fields as sent: those of this hop only come first and win, names in title case."""
    return wire.header_items({name.title(): value for name, value in {**req.headers, **req.unredirected_hdrs}.items()})
