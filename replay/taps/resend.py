"""Making the request that a swap put in place of the program's, for libraries that cannot send another one themselves.

It is sent by ``urllib.request``, which hears proxy variables and the system's certificates, and its answer is read
whole before the program gets the first byte; the program's own client settings (timeouts, a pool, a custom transport)
take no part. ``httpx`` sends such requests through its own transport (:mod:`replay.taps.httpx_resend`), chunk by chunk.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from replay.events import Answer, Chunk, End, Head, Headers, Request
from replay.taps import boundary
from replay.taps.boundary import Instead
from replay.taps.failures import SYSTEM, Failures

_FAILURES: Final = Failures(SYSTEM, base=ConnectionError)
_OF_THE_HOP: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_VERSIONS: Final = {10: "HTTP/1.0", 11: "HTTP/1.1"}


def resent(instead: Instead) -> Answer:
    """What came of ``instead.request``, translated; a transport error is the answer's failure."""
    assert instead.request is not None
    with boundary.inside():
        answer = _performed(instead.request)
    return answer if instead.reading is None or answer.head is None else read(instead, answer)


async def aresent(instead: Instead) -> Answer:
    """The coroutine twin of :func:`resent`; the request is made in a thread."""
    with boundary.inside():
        return await asyncio.to_thread(resent, instead)


def read(instead: Instead, answer: Answer) -> Answer:
    """``answer`` as the program is to see it; it has a head."""
    assert instead.reading is not None and answer.head is not None
    reading = instead.reading()
    head = reading.head(answer.head)
    pieces = [*[reading.feed(chunk.data) for chunk in answer.chunks], reading.finish()]
    return Answer(head, chunks=tuple([Chunk(piece) for piece in pieces if piece]), end=answer.end)


def sent_headers(headers: Headers, body: bytes) -> list[tuple[str, str]]:
    """``headers`` as they go with ``body``: without those that belonged to the connection of the original request."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OF_THE_HOP]
    return [*kept, ("content-length", str(len(body)))] if body else kept


def _performed(request: Request) -> Answer:
    from urllib.error import URLError
    from urllib.request import Request as Asking

    asked = Asking(request.target, data=request.body or None, method=request.action)
    for name, value in sent_headers(request.headers, request.body):
        asked.add_unredirected_header(name, value)
    try:
        return _answer(_opener().open(asked))
    except Exception as error:
        cause = error.reason if isinstance(error, URLError) else error
        return Answer(end=_FAILURES.end(cause if isinstance(cause, BaseException) else error, started=False))


def _opener() -> Any:
    """Without redirects, cookies and errors for what is no success: those are the program's client's affair.

    Imported here, for recording a program must not make it import what it would not.
    """
    from urllib import request

    opener = request.OpenerDirector()
    for handler in (request.ProxyHandler, request.UnknownHandler, request.HTTPHandler, request.HTTPSHandler):
        opener.add_handler(handler())
    return opener


def _answer(response: Any) -> Answer:
    fields = tuple([(name, value) for name, value in response.headers.items() if name.lower() != "transfer-encoding"])
    head = Head(response.status, response.reason or "", _VERSIONS.get(response.version, "HTTP/1.1"), fields)
    with response:
        data = response.read()
    return Answer(head, chunks=(Chunk(data),) if data else (), end=End())
