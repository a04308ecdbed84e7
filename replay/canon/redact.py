"""Redaction: secrets become placeholders such as ``<secret:openai-key:1>`` before anything is kept or compared.

Equal secrets get equal placeholders within one process of a run. Numbers are counted, never derived from the secret,
so nothing in a file lets anyone test a guess. What shall match is redacted alike while recording and on replay, and
:mod:`replay.canon.fingerprint` disregards the numbers. JSON stays JSON: only the inside of a string ever changes.

Known limits: a compressed body is kept as it is, and a secret that a model spells out token by token, split by the
framing of a stream, is not seen as one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock
from urllib.parse import quote

from replay.canon import headers as fields
from replay.canon.body import content_type
from replay.canon.patterns import PATTERNS, may_hold_secret
from replay.canon.stream import Risks, Stream
from replay.canon.url import map_pairs
from replay.events import Chunk, End, Failure, Head, Headers, Part, Request, first_header

VERSION = 1
"""Goes into the cassette's header (``behaviour["redaction"]``)."""

SECRET_VARIABLE = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
SECRET_PARAMETER = re.compile(
    r"(?:.*(?:api|access|auth|secret|private|subscription|session)[_-]?(?:key|token)|(?:refresh|id|security|bearer)[_-]?token"
    r"|x-(?:amz|goog)-(?:signature|credential|security-token)|client[_-]?secret|pass(?:word|wd|phrase)"
    r"|key|token|sig|signature|secret|auth|authorization|pwd)",
    re.IGNORECASE,
)
SHORTEST = 8
"""Values of environment variables shorter than this are too likely to be plain words."""

CACHED = 4096
CACHED_FIELDS = 256

Data = bytes  # Redactor has a method of that name
Fields = tuple[Headers | None, bool, bool]
"""Header fields redacted (None: nothing in them is secret), whether they say that the body is a form, and that it is
not compressed."""

Known = tuple[str, re.Pattern[bytes], tuple[bytes, ...]]


class Redactor:
    """Redacts one run. ``environ`` is read once, here: its secret-named variables are secrets by value."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._lock = Lock()
        self._numbers: dict[tuple[str, bytes], int] = {}
        self._counts: dict[str, int] = {}
        self._kept: dict[tuple[str, str], tuple[str, str]] = {}
        self._urls: dict[str, str] = {}
        self._streams: dict[int, Stream | None] = {}
        self._fields: dict[Headers, Fields] = {}
        self._known = [_known(name, value) for name, value in _secret_variables(environ or {})]
        self._needles = tuple(needle for _, _, needles in self._known for needle in needles)
        self._risks = Risks.of(self._needles)

    def request(self, request: Request) -> Request:
        """``request`` without secrets; the very object when it holds none."""
        target = (self.url if request.kind == "http" else self.text)(request.target)
        kept, is_form, _ = self._fields.get(request.headers) or self._redacted(request.headers)
        if kept is None:
            kept = request.headers
        body = self.bytes(request.body)
        if is_form and body:
            body = self._form(body)
        if target == request.target and kept is request.headers and body is request.body:
            return request
        return Request(request.kind, request.action, target, kept, body, request.effect)

    def head(self, head: Head) -> Head:
        """``head`` with the values of fields outside the allow-list replaced."""
        kept = self.headers(head.headers)
        return head if kept is head.headers else Head(head.status, head.reason, head.http_version, kept)

    def parts(self, id: int, part: Part) -> tuple[Part, ...]:
        """What to keep of the next part of the answer to event ``id``; the parts of one answer come in order.

        Usually one for one. Chunks that may begin a secret which a later one completes are held back until that is
        known: so a chunk may give nothing, and later several.
        """
        if type(part) is Chunk:
            return self._chunk(id, part)
        if isinstance(part, Head):
            kept, _, is_plain = self._fields.get(part.headers) or self._redacted(part.headers)
            self._streams[id] = self.stream() if is_plain else None
            return (part if kept is None else Head(part.status, part.reason, part.http_version, kept),)
        assert isinstance(part, End)
        stream = self._streams.pop(id, None)
        held = stream.finish() if stream else []
        return (*held, self.end(part))

    def end(self, end: End) -> End:
        """``end`` with its failure's message and state redacted."""
        failure = end.failure
        if failure is None:
            return end
        return replace(end, failure=Failure(failure.name, self.text(failure.message), self.bytes(failure.state)))

    def headers(self, headers: Headers) -> Headers:
        """Names stay; a value stays only if its field is on the allow-list and it holds no secret by shape."""
        return (self._fields.get(headers) or self._redacted(headers))[0] or headers

    def url(self, url: str) -> str:
        """``url`` with its password, its key-like query parameters and secrets by shape replaced."""
        return self._urls.get(url) or self._url(url)

    def text(self, text: str) -> str:
        """The text twin of :meth:`bytes`."""
        data = text.encode("utf-8", "surrogatepass")
        redacted = self.bytes(data)
        return text if redacted is data else redacted.decode("utf-8", "surrogatepass")

    def bytes(self, data: bytes) -> bytes:
        """``data`` with known values and secrets by shape replaced; the very object when there is none."""
        for needle in self._needles:
            if needle in data:
                data = self._without_known(data)
                break
        if not may_hold_secret(data):
            return data
        for pattern in PATTERNS:
            if any(needle in data for needle in pattern.needles):
                data = pattern.regex.sub(self._replacement(pattern.name, pattern.group), data)
        return data

    def stream(self) -> Stream:
        """A redactor for the chunks of one answer, which catches a secret that straddles chunks."""
        return Stream(self.bytes, self._risks)

    def placeholder(self, name: str, secret: Data) -> str:
        """``<secret:name:N>``, the same for the same secret."""
        with self._lock:
            number = self._numbers.get((name, secret))
            if number is None:
                number = self._numbers[name, secret] = self._counts[name] = self._counts.get(name, 0) + 1
        return f"<secret:{name}:{number}>"

    def _without_known(self, data: Data) -> Data:
        for name, regex, needles in self._known:
            if any(needle in data for needle in needles):
                data = regex.sub(self.placeholder(name, needles[0]).encode(), data)
        return data

    def _chunk(self, id: int, chunk: Chunk) -> tuple[Part, ...]:
        if id not in self._streams:  # an item of a generator tool: each is whole in itself
            data = self.bytes(chunk.data)
            return (chunk if data is chunk.data else replace(chunk, data=data),)
        stream = self._streams[id]
        return tuple(stream.feed(chunk)) if stream else (chunk,)

    def _replacement(self, name: str, group: int) -> Callable[[re.Match[Data]], Data]:
        def replacement(match: re.Match[Data]) -> Data:
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            return match[0][:start] + self.placeholder(name, match[group]).encode() + match[0][end:]

        return replacement

    def _redacted(self, headers: Headers) -> Fields:
        """What there is to know of ``headers``, remembered."""
        redacted = tuple([self._kept.get(pair) or self._field(pair) for pair in headers])
        is_form = content_type(redacted).startswith("application/x-www-form-urlencoded")
        encoding = (first_header(headers, "content-encoding") or "identity").strip().lower()
        found = (None if redacted == headers else redacted, is_form, encoding == "identity")
        if len(self._fields) >= CACHED_FIELDS:
            self._fields.clear()
        self._fields[headers] = found
        return found

    def _field(self, pair: tuple[str, str]) -> tuple[str, str]:
        name, value = pair
        kept = (name, self._field_value(name.lower(), value))
        if kept == pair:
            kept = pair
        if len(self._kept) >= CACHED:
            self._kept.clear()
        self._kept[pair] = kept
        return kept

    def _field_value(self, name: str, value: str) -> str:
        if name in fields.COOKIES:
            named = COOKIE.sub(self._cookie, value, count=name == "set-cookie")
            return self._secret_text("cookie", value) if named == value else named
        if name in fields.ALWAYS_SECRET:
            return self._secret_text(fields.ALWAYS_SECRET[name], value)
        if name in fields.URLS:
            return self.url(value)
        if fields.is_kept(name) or PLAIN.fullmatch(value):
            return self.text(value)
        return self._secret_text("header", value)

    def _cookie(self, pair: re.Match[str]) -> str:
        return pair[1] + self._secret_text("cookie", pair[2])

    def _url(self, url: str) -> str:
        rest, mark, query = url.partition("?")
        scheme, colon, after = rest.partition("://")
        authority, slash, path = after.partition("/")
        user, at, host = authority.rpartition("@")
        if colon and at:
            rest = f"{scheme}://{self._secret_text('userinfo', user)}@{host}{slash}{path}"
        redacted = self.text(rest + mark + (map_pairs(query, self._parameter) if query else ""))
        if len(self._urls) >= CACHED:
            self._urls.clear()
        self._urls[url] = url if redacted == url else redacted
        return self._urls[url]

    def _parameter(self, name: str, value: str) -> str:
        return self._secret_text("parameter", value) if value and SECRET_PARAMETER.fullmatch(name) else value

    def _form(self, body: Data) -> Data:
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError:
            return body
        redacted = map_pairs(text, self._parameter)
        return body if redacted == text else redacted.encode()

    def _secret_text(self, name: str, value: str) -> str:
        if not value or PLACEHOLDER.fullmatch(value):
            return value
        return self.placeholder(name, value.encode("utf-8", "surrogatepass"))


COOKIE = re.compile(r"([^=;,\s]+\s*=\s*)([^;]*)")
"""A cookie's name and value (RFC 6265, section 4). In ``Set-Cookie`` the first pair is it, the others are attributes:
a program decides by names, paths and dates, so those stay."""

PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?|true|false", re.IGNORECASE)
"""What a field of any name may hold: a program computes with it, and it is too short for a secret."""

PLACEHOLDER = re.compile(r"<secret:[a-z0-9-]{1,80}:[0-9]{1,9}>")


def _secret_variables(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Longest value first, since one secret may contain another; then by name, so that the choice is repeatable."""
    found = [
        (name, value) for name, value in environ.items() if len(value) >= SHORTEST and SECRET_VARIABLE.search(name)
    ]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))


def _known(name: str, value: str) -> Known:
    """A secret by value, as it may be written: plain, inside a JSON string, percent-encoded."""
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")}
    needles = tuple(sorted((form.encode("utf-8", "surrogatepass") for form in forms), key=len, reverse=True))
    regex = b"|".join(map(re.escape, needles))
    if value.isdigit():  # inside a string only: a number in JSON, or a part of one, is never touched
        regex = b'(?<=")(?:' + regex + b')(?=")'
    return f"env-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')[:70]}", re.compile(regex), needles
