"""Canonical form of a multipart body (RFC 2046, section 5.1): its parts in order, without the boundary."""

from __future__ import annotations

import re

BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,200})"|([^\s;,"]{1,200}))""", re.IGNORECASE)


def canonical_multipart(body: bytes, type: str) -> bytes:
    """Each part as its sorted header lines and its content, with lengths; ``body`` itself if it cannot be parsed."""
    found = BOUNDARY.search(type)
    if not found:
        return body
    parts = split_parts(body, (found[1] or found[2]).encode())
    return body if parts is None else b"".join(map(_canonical_part, parts))


def split_parts(body: bytes, boundary: bytes) -> list[bytes] | None:
    """The parts between the delimiter lines, or None when the closing delimiter is missing."""
    delimiter = b"\r\n--" + boundary
    before, *parts = (b"\r\n" + body).split(delimiter)
    if not parts or not parts[-1].startswith(b"--") or before.strip():
        return None
    lines = [part.lstrip(b" \t") for part in parts[:-1]]
    if not all(line.startswith(b"\r\n") for line in lines):
        return None
    return [line[2:] for line in lines]


def _canonical_part(part: bytes) -> bytes:
    # A part without header lines starts with the empty line that ends them.
    head, _, content = (b"\r\n" + part).partition(b"\r\n\r\n")
    lines = sorted(_canonical_line(line) for line in head.split(b"\r\n") if line)
    return b"%d %d\n%s\n%s\n" % (len(lines), len(content), b"\n".join(lines), content)


def _canonical_line(line: bytes) -> bytes:
    name, _, value = line.partition(b":")
    return name.strip().lower() + b": " + value.strip()
