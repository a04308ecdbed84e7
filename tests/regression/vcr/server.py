"""A loopback server with the habits of servers: compressed bodies, redirects, cookies, streams, models."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    """Each answer has a number of its own, so that a recorded one is known again."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_PUT = do_DELETE = do_POST
    do_HEAD = do_GET

    def answer(self, body):
        number = next(self.server.numbers)
        route = next((each for each in ROUTES if urlsplit(self.path).path.startswith(each)), "/")
        status, headers, said = ROUTES[route](self, number, body)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else said)

    def log_message(self, *_):
        """Nobody reads it."""


def echo(handler, number, body):
    said = {"number": number, "method": handler.command, "path": handler.path, "body": body.decode("utf-8", "replace")}
    return 200, {"X-Number": str(number)}, json.dumps(said).encode()


def packed(handler, number, body):
    return 200, {"Content-Encoding": "gzip"}, gzip.compress(echo(handler, number, body)[2], mtime=0)


def chunked(_handler, number, _body):
    lines = [f"line {number}.{each}\n".encode() for each in range(3)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(line), line) for line in lines) + b"0\r\n\r\n"
    return 200, {"Transfer-Encoding": "chunked", "Content-Type": "text/plain"}, framed


def chat(_handler, number, body):
    asked = json.loads(body)
    said = f"answer {number} to {asked['messages'][-1]['content']}"
    base = {"id": f"chatcmpl-{number}", "created": 1, "model": asked["model"]}
    if asked.get("stream"):
        parts = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in said.split(" ")]
        lines = [f"data: {json.dumps({**base, 'object': 'chat.completion.chunk', **part})}\n\n" for part in parts]
        return 200, {"Content-Type": "text/event-stream"}, "".join([*lines, "data: [DONE]\n\n"]).encode()
    message = {"role": "assistant", "content": said}
    if asked.get("tools"):
        called = {"name": asked["tools"][0]["function"]["name"], "arguments": json.dumps({"order": number})}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": called}]}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return 200, {}, json.dumps({**base, "object": "chat.completion", "choices": [choice]}).encode()


def converse(_handler, number, body):
    text = json.loads(body)["messages"][0]["content"][0]["text"]
    said = {
        "output": {"message": {"role": "assistant", "content": [{"text": f"answer {number} to {text}"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }
    return 200, {}, json.dumps(said).encode()


ROUTES = {
    "/packed": packed,
    "/chunked": chunked,
    "/moved": lambda *_: (302, {"Location": "/echo/target"}, b""),
    "/cookie": lambda handler, *rest: (200, {"Set-Cookie": "seen=yes; Path=/"}, echo(handler, *rest)[2]),
    "/bytes": lambda *_: (200, {"Content-Type": "application/octet-stream"}, bytes(range(256))),
    "/missing": lambda *_: (404, {}, b'{"error": "missing"}'),
    "/empty": lambda *_: (204, {}, b""),
    "/v1/chat/completions": chat,
    "/model/": converse,
    "/": echo,
}


@contextmanager
def serving() -> Iterator[ThreadingHTTPServer]:
    """``server.numbers`` counts the requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.numbers = count(1)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
