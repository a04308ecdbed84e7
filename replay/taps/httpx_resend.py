"""The request that a swap put in place of the program's, sent by the ``httpx`` (or ``httpx2``) transport it came by.

The transport's pool, proxies, certificates and timeouts apply as ever, and the answer is handed on as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from replay.events import Head
from replay.taps.boundary import Instead, Reading
from replay.taps.resend import sent_headers


class Resending:
    """A transport that sends ``instead.request`` whatever it is asked. ``module`` is the library."""

    def __init__(self, module: ModuleType, real: Any, instead: Instead) -> None:
        self.module = module
        self.real = real
        self.instead = instead

    def handle_request(self, request: Any) -> Any:
        return self._translated(self.real.handle_request(self._request(request)), _SyncTranslated)

    async def handle_async_request(self, request: Any) -> Any:
        return self._translated(await self.real.handle_async_request(self._request(request)), _AsyncTranslated)

    def _request(self, original: Any) -> Any:
        """The other request, with the extensions (timeouts among them) of the original one."""
        wanted = self.instead.request
        assert wanted is not None
        headers = [("host", self.module.URL(wanted.target).netloc.decode("ascii"))]
        headers += sent_headers(wanted.headers, wanted.body)
        return self.module.Request(
            wanted.action, wanted.target, headers=headers, content=wanted.body, extensions=original.extensions
        )

    def _translated(self, response: Any, kind: type[_Translated]) -> Any:
        if self.instead.reading is None:
            return response
        reading = self.instead.reading()
        raw = response.headers.raw
        fields = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
        head = reading.head(Head(response.status_code, headers=fields))
        base = self.module.SyncByteStream if kind is _SyncTranslated else self.module.AsyncByteStream
        stream = type("Translated", (kind, base), {})(response.stream, reading)
        return self.module.Response(
            head.status, headers=list(head.headers), stream=stream, extensions=response.extensions
        )


class _Translated:
    def __init__(self, real: Any, reading: Reading) -> None:
        self.real = real
        self.reading = reading


class _SyncTranslated(_Translated):
    def __iter__(self) -> Iterator[bytes]:
        for data in self.real:
            if piece := self.reading.feed(data):
                yield piece
        if rest := self.reading.finish():
            yield rest

    def close(self) -> None:
        self.real.close()


class _AsyncTranslated(_Translated):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self.real:
            if piece := self.reading.feed(data):
                yield piece
        if rest := self.reading.finish():
            yield rest

    async def aclose(self) -> None:
        await self.real.aclose()
