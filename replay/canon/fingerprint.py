"""The fingerprint of a request: what decides which recorded answer it gets.

Kind, action, canonical target and canonical body take part. Headers do not, unless named; ``effect`` does not. The
name and number of a redaction placeholder do not either: ``<secret:jwt:2>`` counts as ``<secret>``, since a secret is
called after where it was met first, and calls that race may meet theirs in another order. In a named header the name
counts: there it tells one secret from another (:class:`replay.canon.fields.Fields`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from replay.canon.body import canonical_body, content_type
from replay.canon.url import canonical_url
from replay.canon.volatile import Numbering
from replay.events import Request

VERSION = 1
"""Goes into the cassette's header (``behaviour["fingerprint"]``); any change of the rules raises it."""

SIZE = 16

NUMBERED = re.compile(rb"<secret:[a-z0-9-]{1,80}:[0-9]{1,9}>")
_NAME = re.compile(rb"(<secret:[a-z0-9-]{1,80}):[0-9]{1,9}>")


def fingerprint(request: Request, headers: tuple[str, ...] = ()) -> bytes:
    """16 bytes, equal for requests that ask the same. ``headers``: names of header fields that take part too."""
    start = _start(request.kind, request.action, request.target)
    body = request.body and canonical_body(request.body, content_type(request.headers))
    return _digest(start, body, _named(request, headers) if headers else b"")


def volatile_fingerprint(request: Request, headers: tuple[str, ...] = ()) -> bytes:
    """The fingerprint after uuids, times and model APIs' ids became placeholders numbered by first appearance."""
    numbering = Numbering()
    target = numbering.replace(request.target.encode("utf-8", "surrogatepass"))
    type = content_type(request.headers)
    # Multipart first loses its boundary: that may look like an id, and its twin in the header would not be replaced.
    if type.lower().startswith("multipart/"):
        body = numbering.replace(canonical_body(request.body, type))
    else:
        body = canonical_body(numbering.replace(request.body), type)
    start = _start(request.kind, request.action, target.decode("utf-8", "surrogatepass"))
    return _digest(start, body, numbering.replace(_named(request, headers)) if headers else b"")


def _digest(start: bytes, body: bytes, named: bytes) -> bytes:
    if b"<" in body and b"<secret:" in body:
        body = NUMBERED.sub(b"<secret>", body)
    return blake2b(b"%s%d\n%s%s" % (start, len(body), body, named), digest_size=SIZE).digest()


@lru_cache(maxsize=1024)
def _start(kind: str, action: str, target: str) -> bytes:
    """All but the body. Agents ask few URLs many times, so this is kept."""
    if kind == "http":
        target = canonical_url(target)
    raw = NUMBERED.sub(b"<secret>", target.encode("utf-8", "surrogatepass"))
    return b"%s\n%s\n%d\n%s\n" % (kind.encode(), action.encode("utf-8", "surrogatepass"), len(raw), raw)


def _named(request: Request, headers: tuple[str, ...]) -> bytes:
    wanted = {name.lower() for name in headers}
    fields = sorted(f"{name.lower()}: {value}" for name, value in request.headers if name.lower() in wanted)
    return _NAME.sub(rb"\1>", "\n".join(fields).encode("utf-8", "surrogatepass"))
