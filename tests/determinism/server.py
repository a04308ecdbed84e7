"""A server in a process of its own that answers at random, after random delays: the opposite of repeatable.

Every answer holds fresh random numbers, so a replay that comes to the recorded value cannot have got there by luck.
``python -m tests.determinism.server`` prints its URL and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

SLOWEST = 0.012
"""Seconds; delays are uniform between 0 and this."""

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@contextmanager
def random_server() -> Iterator[str]:
    """Serve while it lasts; gives the base URL. Afterwards nothing listens there any more."""
    command = [sys.executable, "-m", "tests.determinism.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def _delay() -> None:
    await asyncio.sleep(random.random() * SLOWEST)


def _dice() -> int:
    return random.randrange(10**9)


def _send(writer: Writer, value: object, status: str = "200 OK", extra: str = "") -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    writer.write(head.encode() + body)


async def _ask(writer: Writer, asked: dict) -> None:
    await _delay()
    _send(writer, {"answer": _dice(), "asked": asked})


async def _flaky(writer: Writer, asked: dict) -> None:
    """Often busy: 429, 503, or no answer at all."""
    await _delay()
    mood = random.random()
    if mood < 0.3:
        _send(writer, {"error": _dice()}, "429 Too Many Requests", "retry-after: 0\r\n")
    elif mood < 0.5:
        _send(writer, {"error": _dice()}, "503 Service Unavailable")
    elif mood < 0.6:
        writer.transport.abort()
    else:
        _send(writer, {"answer": _dice()})


async def _stream(writer: Writer, asked: dict, breaks_after: float = float("inf")) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for number in range(asked.get("chunks", 6)):
        await _delay()
        if number >= breaks_after:
            writer.transport.abort()
        if writer.is_closing():
            return
        _chunk(writer, f"data: {json.dumps({'number': number, 'dice': _dice()})}\n\n".encode())
    _chunk(writer, b"")


async def _broken(writer: Writer, asked: dict) -> None:
    await _stream(writer, asked, breaks_after=random.randrange(6))


def _chunk(writer: Writer, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def _chat(writer: Writer, asked: dict) -> None:
    """An OpenAI chat completion: now and then a call of one of the offered tools, else a random sentence."""
    await _delay()
    message: dict = {"role": "assistant", "content": f"thought {_dice()}"}
    reason = "stop"
    tools = [tool["function"]["name"] for tool in asked.get("tools", ())]
    if tools and len(asked["messages"]) < 8 and random.random() < 0.8:
        reason = "tool_calls"
        message = {"role": "assistant", "content": None, "tool_calls": [_tool_call(tools) for _ in range(2)]}
    if asked.get("stream"):
        await _chat_stream(writer, message)
    else:
        choice = {"index": 0, "message": message, "finish_reason": reason}
        _send(writer, {**_completion("chat.completion"), "choices": [choice]})


def _completion(kind: str) -> dict:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": f"chatcmpl-{_dice()}", "object": kind, "created": 1, "model": "random-1", "usage": usage}


def _tool_call(tools: list[str]) -> dict:
    arguments = json.dumps({"number": _dice()})
    return {
        "id": f"call_{_dice()}",
        "type": "function",
        "function": {"name": random.choice(tools), "arguments": arguments},
    }


async def _chat_stream(writer: Writer, message: dict) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for word in [*(message["content"] or "call").split(), str(_dice())]:
        await _delay()
        choice = {"index": 0, "delta": {"role": "assistant", "content": f" {word}"}, "finish_reason": None}
        _chunk(
            writer,
            b"data: " + json.dumps({**_completion("chat.completion.chunk"), "choices": [choice]}).encode() + b"\n\n",
        )
    _chunk(writer, b"data: [DONE]\n\n")
    _chunk(writer, b"")


_ROUTES: dict[str, Callable] = {
    "/ask": _ask,
    "/flaky": _flaky,
    "/stream": _stream,
    "/broken": _broken,
    "/v1/chat/completions": _chat,
}


async def _requests(reader: Reader) -> AsyncIterator[tuple[str, dict]]:
    """The path and the JSON body of each request of one connection."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        first, *fields = head.decode().split("\r\n")
        headers = dict(field.lower().split(": ", 1) for field in fields if field)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        yield first.split()[1].partition("?")[0], json.loads(body) if body else {}


async def _connection(reader: Reader, writer: Writer) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        async for path, asked in _requests(reader):
            await _ROUTES[path](writer, asked)
            await writer.drain()
    writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_connection, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_main())
