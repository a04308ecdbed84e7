"""A server in a process of its own that answers as fast as Python can: raw protocol, one write, no framework.

It speaks just enough HTTP/1.1 for the clients here: a length, a body, connections that stay open. Paths:

* ``/v1/chat/completions``: the answer to the numbered prompt in the body;
* ``/stream/N``: N events of a stream, each a chunk sent by itself; ``/suspect/N``: the same of other words;
* ``/bytes/N``: N mebibytes in chunks of 64 KiB;
* ``/late``: one chunk at once, and the last one 20 ms after.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.traffic import answer, number_in

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n'
WORDS = (b" the", b" lamp", b" was", b" sent", b" to", b" Ghent", b" on", b" Monday,")
SUSPECT = (b" token",)
"""What redaction looks at closely: a name that secrets have."""

PIECE = b"x" * 65_536
LAST = b"0\r\n\r\n"
LATE = 0.02


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            body = await reader.readexactly(int(length or 0))
            _, kind, number = head.split(b" ", 2)[1].rsplit(b"/", 2)
            await _answer(writer, kind, number, body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _answer(writer: asyncio.StreamWriter, kind: bytes, number: bytes, body: bytes) -> None:
    if kind == b"chat":
        made = answer(number_in(body))
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(made)
        writer.write(head + made)
        return
    writer.write(STREAM_HEAD)
    if kind == b"late":
        writer.write(chunk(EVENT % WORDS[0]))
        await asyncio.sleep(LATE)
        writer.write(chunk(EVENT % WORDS[1]))
    elif kind in (b"stream", b"suspect"):
        words = WORDS if kind == b"stream" else SUSPECT
        for place in range(int(number)):
            writer.write(chunk(EVENT % words[place % len(words)]))
            await asyncio.sleep(0)
    else:
        for _ in range(int(number) * 16):
            writer.write(chunk(PIECE))
            await writer.drain()
    writer.write(LAST)


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def serving() -> Iterator[str]:
    """The URL of a server that lives as long as the block."""
    command = [sys.executable, "-m", "tests.bench.loopback"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_main())
