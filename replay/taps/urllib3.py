"""``urllib3``, and so ``requests`` and ``boto3``.

Seam: ``HTTPConnectionPool._make_request``. ``urlopen`` calls itself for retries and redirects, so that two 429s inside
one call would vanish there; below, ``http.client`` belongs to everybody. The connection is taken from the pool and
given back by ``urlopen`` as ever; a served answer never opens it.
"""

from __future__ import annotations

import functools
import http.client
import inspect
import ssl
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from replay.errors import UsageError
from replay.events import Answer, End, Request
from replay.taps import boundary, wire
from replay.taps.boundary import Call
from replay.taps.failures import SYSTEM, Failures, exceptions_of
from replay.taps.patch import wrap
from replay.taps.resend import resent

_TUNNEL: Final = "_replay_tunnel"

_CONTEXT: Final = {
    "PoolError": ("pool", "_message"),
    "RequestError": ("url",),
    "NewConnectionError": ("conn", "_message"),
}
"""What urllib3's errors hold of the call they were raised in."""


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``urllib3`` 1.26 or 2."""
    pools = module.connectionpool
    if "multiplexed" in inspect.signature(pools.HTTPConnectionPool._make_request).parameters:
        wrap(pools.HTTPConnectionPool, "_make_request", _refuse_future)
        return
    library = _Library(module)
    wrap(pools.HTTPConnectionPool, "_make_request", library.make_request)
    wrap(pools.HTTPSConnectionPool, "_prepare_proxy", _later)


def _refuse_future(original: Callable[..., Any]) -> Callable[..., Any]:
    """``urllib3-future`` takes urllib3's name, but multiplexes, and its bodies do not come from ``http.client``."""

    def _make_request(pool: Any, *args: Any, **options: Any) -> Any:
        if boundary.current() is not None:
            raise UsageError(
                "urllib3-future stands in for urllib3 here, and its calls cannot be recorded",
                hint="pip uninstall urllib3-future && pip install --force-reinstall urllib3",
            )
        return original(pool, *args, **options)

    return _make_request


def _later(original: Callable[..., Any]) -> Callable[..., Any]:
    """Put off the tunnel through a proxy, which ``urlopen`` opens above the seam, until the call must be live."""

    def _prepare_proxy(pool: Any, connection: Any) -> Any:
        if boundary.current() is None:
            return original(pool, connection)
        setattr(connection, _TUNNEL, functools.partial(original, pool, connection))
        return None

    return _prepare_proxy


class _Library:
    """The classes of one urllib3."""

    def __init__(self, module: ModuleType) -> None:
        errors = {f"urllib3.{name}": kind for name, kind in exceptions_of(module.exceptions).items()}
        self.failures = Failures(SYSTEM | errors, base=module.exceptions.ProtocolError)
        self.response = module.response.HTTPResponse
        self.headers = module._collections.HTTPHeaderDict
        self.accepts = inspect.signature(self.response.__init__).parameters
        self.wraps = (
            "preload_content" in inspect.signature(module.connectionpool.HTTPConnectionPool._make_request).parameters
        )

    def make_request(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _make_request(
            pool: Any, conn: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any
        ) -> Any:
            session = boundary.current()
            if session is None:
                return original(pool, conn, method, url, body=body, headers=headers, **options)
            data, body = wire.body_bytes(body)
            call = session.issue(Request("http", method, _target(pool, url), wire.header_items(headers), data))
            if call.served is not None:
                return self._serve(call, call.served, pool, conn, method, url, options)
            if call.instead is not None:
                return self._serve(call, resent(call.instead), pool, conn, method, url, options)
            perform = functools.partial(original, pool, conn, method, url, body=body, headers=headers)
            return self._live(call, pool, conn, perform, options)

        return _make_request

    def _live(self, call: Call, pool: Any, conn: Any, perform: Callable[..., Any], options: dict[str, Any]) -> Any:
        preload = options.get("preload_content", False)
        if self.wraps:
            options = {**options, "preload_content": False}
        try:
            with boundary.inside():
                _open_tunnel(pool, conn)
                response = perform(**options)
        except BaseException as error:
            call.deliver(self.failures.end(error, started=False))
            raise
        raw = response if isinstance(response, http.client.HTTPResponse) else response._fp
        call.deliver(wire.head(raw))
        wire.record_body(call, raw)
        return _preloaded(response) if preload else response

    def _serve(
        self, call: Call, answer: Answer, pool: Any, conn: Any, method: str, url: str, options: dict[str, Any]
    ) -> Any:
        conn.__dict__.pop(_TUNNEL, None)
        if answer.head is None:
            call.deliver(answer.end or End("closed"))
            raise self._error(answer, pool, conn, url)
        pool.num_requests += 1
        raw = wire.serve(call, answer, method)
        if not self.wraps:
            return raw
        response = self._response(raw, method, url, options)
        response.retries = options.get("retries")
        response._connection = options.get("response_conn")
        response._pool = pool
        return _preloaded(response) if options.get("preload_content", True) else response

    def _response(self, raw: http.client.HTTPResponse, method: str, url: str, options: dict[str, Any]) -> Any:
        is_whole = not wire.misstates_length(raw)
        known = {
            "version_string": "HTTP/1.0" if raw.version == 10 else "HTTP/1.1",
            "decode_content": options.get("decode_content", True),
            "enforce_content_length": is_whole and options.get("enforce_content_length", True),
        }
        return self.response(
            body=raw,
            headers=self.headers(raw.headers.items()),
            status=raw.status,
            version=raw.version,
            reason=raw.reason,
            preload_content=False,
            original_response=raw,
            request_method=method,
            request_url=url,
            **{name: value for name, value in known.items() if name in self.accepts},
        )

    def _error(self, answer: Answer, pool: Any, conn: Any, url: str) -> BaseException:
        failure = answer.failure
        if failure is None:
            return self.failures.base("the recorded program gave this request up before an answer came")
        now = {"pool": pool, "conn": conn, "url": url, "_message": failure.message}
        wanted = {name for kind in self.failures.kind(failure).__mro__ for name in _CONTEXT.get(kind.__name__, ())}
        return self.failures.build(failure, **{name: now[name] for name in wanted})


def _open_tunnel(pool: Any, conn: Any) -> None:
    tunnel = conn.__dict__.pop(_TUNNEL, None)
    if tunnel is None:
        return
    try:
        tunnel()
    except (ssl.SSLError, OSError) as error:
        pool._raise_timeout(err=error, url=pool.proxy.url, timeout_value=conn.timeout)
        raise


def _preloaded(response: Any) -> Any:
    """What the response's constructor does when the body is wanted at once."""
    response._body = response.read(decode_content=response.decode_content)
    return response


def _target(pool: Any, url: str) -> str:
    """The absolute URL; through a plain-text proxy ``url`` is one already."""
    if not url.startswith("/"):
        return url
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    default = {"http": 80, "https": 443}.get(pool.scheme)
    port = "" if pool.port in (None, default) else f":{pool.port}"
    return f"{pool.scheme}://{host}{port}{url}"
