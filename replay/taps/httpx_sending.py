"""Sending a request with ``httpx`` or ``httpx2``, where it leaves the client nothing to do.

Around a transport a client keeps cookies, writes a log line and times the answer. When the answer is served, sets no
cookie, and nobody listens to the log, none of that has an effect, and it is a fifth of what a replayed call costs.
Everything else goes the client's own way, to the transport.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from logging import INFO, getLogger
from typing import TYPE_CHECKING, Any

from replay.taps import boundary
from replay.taps.boundary import Call
from replay.taps.patch import original_of, wrap

if TYPE_CHECKING:
    from replay.taps.httpx import Library, MadeHead

ISSUED = "_replay_issued"
"""Where a request keeps the call that was issued for it, on its way to the transport."""


IN_PROCESS = frozenset({"ASGITransport", "MockTransport", "WSGITransport", "_TestClientTransport"})
"""Transports that are the program's own code: they run, and are not recorded."""


def attach(library: Library) -> None:
    """Give the clients of ``library`` the short way, if they are built as those known to us."""
    if hasattr(library.module.Client, "_send_single_request"):
        for client, way in ((library.module.Client, "sync"), (library.module.AsyncClient, "asynchronous")):
            wrap(client, "_send_single_request", getattr(_ShortWay(library, client._transport_for_url), way))


class _ShortWay:
    """``seam``: our method of a client that finds its transport for a URL."""

    def __init__(self, library: Library, seam: Callable[[Any, Any], Any]) -> None:
        self.library = library
        self.seam = seam
        self.transport_for = original_of(seam)
        self.logger = getLogger(library.module.__name__)

    def sync(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _send_single_request(client: Any, request: Any) -> Any:
            call, made = self._issue(client, request)
            if call is None or made is None:
                return original(client, request)
            call.deliver(made.head)
            return self._sent(client, request, self.library.answer(call, request, made))

        return _send_single_request

    def asynchronous(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def _send_single_request(client: Any, request: Any) -> Any:
            call, made = self._issue(client, request)
            if call is None or made is None:
                return await original(client, request)
            await call.adeliver(made.head)
            return self._sent(client, request, self.library.async_answer(call, request, made))

        return _send_single_request

    def _issue(self, client: Any, request: Any) -> tuple[Call | None, MadeHead | None]:
        """The call for ``request``, and the head of its answer if it takes the short way; else the transport finds the
        call, or issues it."""
        session = boundary.current()
        body = getattr(request, "_content", None)
        if session is None or not session.serves or body is None or self.logger.isEnabledFor(INFO):
            return None, None
        if type(client)._transport_for_url is not self.seam or is_in_process(self.transport_for(client, request.url)):
            return None, None
        call = session.issue(self.library.request(request, body))
        served = call.served
        if served is not None and served.head is not None:
            made = self.library.made_of(served.head)
            if not made.has_cookies:
                return call, made
        setattr(request, ISSUED, call)
        return call, None

    @staticmethod
    def _sent(client: Any, request: Any, response: Any) -> Any:
        """``response``, as a client hands it on."""
        response.request = request
        response.default_encoding = client._default_encoding
        return response


def is_in_process(transport: Any) -> bool:
    kind: Any = type(transport)
    return _is_in_process(kind)


@lru_cache(maxsize=64)
def _is_in_process(kind: Any) -> bool:
    return any(base.__name__ in IN_PROCESS for base in kind.__mro__)
