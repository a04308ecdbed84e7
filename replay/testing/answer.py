"""An HTTP answer before it is sent, and sending it with the faults that a script asks for."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from replay.testing.reply import Reply
from replay.testing.wire.format import compact

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """``chunks`` leave one by one, with ``gaps`` seconds before each; a ``streamed`` body does not say its length."""

    chunks: tuple[bytes, ...]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    gaps: tuple[float, ...] = ()
    streamed: bool = False


def of_json(data: Any, status: int = 200) -> Answer:
    return Answer((compact(data).encode(),), status)


def of_stream(chunks: Iterable[bytes], media: str, gaps: tuple[float, ...]) -> Answer:
    headers = (("content-type", media), ("cache-control", "no-cache"))
    return Answer(tuple(chunks), headers=headers, gaps=gaps, streamed=True)


@dataclass(frozen=True, slots=True)
class Sending:
    """An ASGI response: ``answer``, changed and cut short as ``reply`` says."""

    answer: Answer
    reply: Reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self.reply.delay)
        if self.reply.end in ("refuse", "hang"):
            return await self._break(scope, receive)
        answer = _changed(self.answer, self.reply)
        await send({"type": "http.response.start", "status": answer.status, "headers": _encoded(answer)})
        whole = self.reply.end == "complete"
        for number, chunk in enumerate(answer.chunks if whole else answer.chunks[: self.reply.after]):
            await asyncio.sleep(answer.gaps[number % len(answer.gaps)] if answer.gaps else 0)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not whole:
            return await self._break(scope, receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _break(self, scope: Scope, receive: Receive) -> None:
        """End the connection as asked (or leave it be), and stay until it is gone."""
        transport = scope["state"]["transport"]
        if self.reply.end in ("refuse", "reset"):
            _reset(transport)
        elif self.reply.end == "cut":
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def _changed(answer: Answer, reply: Reply) -> Answer:
    headers = dict(answer.headers) | {name.lower(): value for name, value in reply.headers.items()}
    chunks, gaps = answer.chunks, answer.gaps
    if reply.gzip:
        headers["content-encoding"] = "gzip"
        chunks = tuple(_gzipped(chunks))
    if not answer.streamed:
        headers["content-length"] = str(sum(map(len, chunks)))
    if reply.split:
        whole = b"".join(chunks)
        chunks, gaps = tuple(whole[at : at + reply.split] for at in range(0, len(whole), reply.split)), ()
    return replace(answer, headers=tuple(headers.items()), chunks=chunks, gaps=gaps)


def _gzipped(chunks: tuple[bytes, ...]) -> Iterator[bytes]:
    """Each chunk flushed, so that a reader gets it when it leaves and not at the end."""
    packer = zlib.compressobj(wbits=31)
    for chunk in chunks:
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _encoded(answer: Answer) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in answer.headers]


def _reset(transport: asyncio.Transport) -> None:
    """Reset the connection (RST, not FIN): linger is on with no time, so what is unsent is dropped."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
