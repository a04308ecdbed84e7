"""Everything that can be read out of a file: as it is, unpacked, and out of base64."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote_to_bytes

import replay
from replay.dialects.body import decoded
from replay.report import steps

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def everything(path: Path) -> bytes:
    """The bytes of a cassette and of all its events, bodies unpacked, base64 decoded (twice, and at any offset)."""
    cassette = replay.open(path)
    pieces = [
        path.read_bytes(),
        repr(cassette.header).encode(),
        json.dumps([asdict(n) for n in cassette.notes]).encode(),
    ]
    for event in cassette.events:
        request, answer = event.request, event.answer
        pieces += [repr(event).encode(), request.body, decoded(request.body, request.header("content-encoding")).data]
        if answer is not None:
            coding = answer.head.header("content-encoding") if answer.head else None
            pieces += [answer.body, decoded(answer.body, coding).data]
    for step in cassette.steps:  # what models spelled token by token is put together here
        pieces += ["\n".join(steps.details(step, "")).encode(), json.dumps(steps.whole(step), default=str).encode()]
    return opened(b"\n".join(pieces))


def opened(data: bytes) -> bytes:
    """``data``, what it says percent-encoded, and what its base64 holds."""
    once = b"\n".join([data, unquote_to_bytes(data), *_decoded(data)])
    return b"\n".join([once, *_decoded(once)])


def _decoded(data: bytes) -> list[bytes]:
    found = []
    for match in BASE64.finditer(data):
        run = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for offset in range(4):
            digits = run[offset:]
            digits = digits[: len(digits) // 4 * 4]
            try:
                found.append(base64.b64decode(digits))
            except binascii.Error:
                continue
    return found
