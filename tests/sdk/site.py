"""What the plain HTTP clients visit: a few paths on the scripted server, each with an oddity of its own."""

from __future__ import annotations

import gzip

from tests.taps.server import CHUNKED, CLOSE, LAST, RESET, Server, answer, chunk, head

LINES = (b"one\r\n", b"tw", b"o\nthree\n", b"\xe2\x82", b"\xac four")
"""Chunks that end neither with a line nor with a character."""


def build(server: Server) -> None:
    server.on(
        "/json", answer(gzip.compress(b'{"ok": true}'), "Content-Encoding: gzip", "Content-Type: application/json")
    )
    server.on("/twice", answer(b"", "Warning: one", "warning: two", "Vary: a", status="299 Quite Fine"))
    server.on("/from", answer(b"moved", "Location: /via", status="302 Found"))
    server.on("/via", answer(b"", "Location: /json", "Set-Cookie: seen=yes; Path=/", status="307 Temporary Redirect"))
    server.on("/login", answer(b"in", "Set-Cookie: user=kim; Path=/", "Set-Cookie: tab=2; Path=/"))
    server.on("/lines", head(CHUNKED, "Content-Type: text/plain; charset=utf-8") + b"".join(map(chunk, LINES)) + LAST)
    server.on("/teapot", answer(b'{"error": "short and stout"}', status="418 I'm a teapot"))
    server.on("/upload", answer(b"got it"))
    server.on("/empty", answer(b"", status="204 No Content"))
    for status in ("503 Busy", "503 Busy", "200 OK"):
        server.on("/busy", answer(status.encode(), "Retry-After: 0", status=status))
    server.on("/challenge", answer(b"", 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"', status="401 No"))
    server.on("/challenge", answer(b"welcome"))
    server.on("/short", head("Content-Length: 9") + b"four", CLOSE)
    server.on("/cut", head(CHUNKED) + chunk(b"one\n") + chunk(b"two\n"), CLOSE)
    server.on("/reset", head(CHUNKED) + chunk(b"one\n") + chunk(b"two\n"), RESET)
    server.on("/refused", RESET)
