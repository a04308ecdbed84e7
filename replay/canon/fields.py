"""Header fields, addresses and forms without secrets."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from replay.canon import headers as kinds
from replay.canon.body import content_type
from replay.canon.clean import Cleaner
from replay.canon.multipart import BOUNDARY
from replay.canon.placeholders import PLACEHOLDER
from replay.canon.url import map_pairs
from replay.events import Headers, first_header

CACHED = 4096
CACHED_FIELDS = 256


class Found(NamedTuple):
    """Header fields redacted (None: nothing in them is secret), and what they say of the body.

    ``form``: how its named values are redacted, if it has any. ``coding``: what it is compressed with, or ``""``.
    """

    kept: Headers | None
    form: Callable[[bytes], bytes] | None
    coding: str
    type: str


class Fields:
    """``dropped``: names of fields that are on the allow-list, and shall lose their values all the same.

    ``matched``: those whose values take part in matching. Where such a value is a secret, its placeholder is named
    after its ``digest``, which must be under a key: who has the cassette alone can test no guess.
    """

    def __init__(
        self,
        cleaner: Cleaner,
        dropped: tuple[str, ...],
        matched: tuple[str, ...] = (),
        digest: Callable[[bytes], str] | None = None,
    ) -> None:
        self._cleaner = cleaner
        self._matched = frozenset(matched)
        self._digest = digest
        self._dropped = frozenset(name.lower() for name in dropped)
        self._kept: dict[tuple[str, str], tuple[str, str]] = {}
        self._urls: dict[str, str] = {}
        self._found: dict[Headers, Found] = {}

    def of(self, headers: Headers) -> Found:
        """What there is to know of ``headers``, remembered."""
        return self._found.get(headers) or self._look(headers)

    def knows(self, headers: Headers) -> bool:
        """Whether :meth:`of` was asked for them lately."""
        return headers in self._found

    def url(self, url: str) -> str:
        """``url`` with its password, its key-like query parameters and secrets by shape replaced."""
        return self._urls.get(url) or self._url(url)

    def _look(self, headers: Headers) -> Found:
        redacted = tuple([self._kept.get(pair) or self._field(pair) for pair in headers])
        type = content_type(redacted)
        coding = (first_header(headers, "content-encoding") or "").strip().lower()
        found = Found(
            None if redacted == headers else redacted,
            self._form_of(type),
            "" if coding == "identity" else coding,
            type.partition(";")[0].strip().lower(),
        )
        if len(self._found) >= CACHED_FIELDS:
            self._found.clear()
        self._found[headers] = found
        return found

    def _field(self, pair: tuple[str, str]) -> tuple[str, str]:
        name, value = pair
        kept = (name, self._value(name.lower(), value))
        if kept != pair and name.lower() in self._matched and self._digest is not None:
            kept = (name, self._compared(name.lower(), value, self._digest))
        if kept == pair:
            kept = pair
        if len(self._kept) >= CACHED:
            self._kept.clear()
        self._kept[pair] = kept
        return kept

    def _compared(self, name: str, value: str, digest: Callable[[bytes], str]) -> str:
        """With the field's name, for by itself the value may have a placeholder of another name already."""
        if PLACEHOLDER.fullmatch(value):
            return value
        secret = f"{name}: {value}".encode("utf-8", "surrogatepass")
        return self._cleaner.placeholders.of(f"match-{digest(secret)}", secret)

    def _value(self, name: str, value: str) -> str:
        if name in kinds.COOKIES:
            named = COOKIE.sub(self._cookie, value, count=name == "set-cookie")
            return self._secret("cookie", value) if named == value else named
        if name in kinds.CREDENTIALS:
            return self._credentials(value)
        if name in kinds.DIGESTS:
            return self._secret("digest", value, is_told=False)
        if name in kinds.URLS:
            return self.url(value)
        if name not in self._dropped and (kinds.is_kept(name) or PLAIN.fullmatch(value)):
            return self._cleaner.text(value)
        return self._secret("header", value, is_told=kinds.TELLING.search(name) is not None)

    def _credentials(self, value: str) -> str:
        scheme, space, rest = value.strip().partition(" ")
        if not space:
            return self._secret("authorization", value)
        if scheme.lower() == "basic":
            self._cleaner.known.learn("password", _password_of(rest))
        return f"{scheme} {self._secret('authorization', rest)}"

    def _cookie(self, pair: re.Match[str]) -> str:
        return pair[1] + self._secret("cookie", pair[2])

    def _url(self, url: str) -> str:
        rest, mark, query = url.partition("?")
        scheme, colon, after = rest.partition("://")
        authority, slash, path = after.partition("/")
        user, at, host = authority.rpartition("@")
        if colon and at:
            if not PLACEHOLDER.fullmatch(user):
                self._cleaner.known.learn("password", unquote(user.partition(":")[2]))
            rest = f"{scheme}://{self._secret('userinfo', user)}@{host}{slash}{path}"
        redacted = self._cleaner.text(rest + mark + (map_pairs(query, self._parameter) if query else ""))
        if len(self._urls) >= CACHED:
            self._urls.clear()
        self._urls[url] = url if redacted == url else redacted
        return self._urls[url]

    def _parameter(self, name: str, value: str) -> str:
        """A value as written, percent-encoded. The secret is what it says: so it is known wherever else it stands."""
        plain = unquote_plus(value) if "%" in value or "+" in value else value
        if value and self._cleaner.names.is_parameter(unquote_plus(name)):
            return self._secret("parameter", plain)
        redacted = self._cleaner.text(plain)
        return value if redacted == plain else _quoted(redacted)

    def _form_of(self, type: str) -> Callable[[bytes], bytes] | None:
        kind = type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return self._form
        boundary = BOUNDARY.search(type) if kind.startswith("multipart/") else None
        return self._multipart if boundary else None

    def _form(self, body: bytes) -> bytes:
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError:
            return body
        redacted = map_pairs(text, self._parameter)
        return body if redacted == text else redacted.encode()

    def _multipart(self, body: bytes) -> bytes:
        return PART.sub(self._part, body)

    def _part(self, part: re.Match[bytes]) -> bytes:
        if not part[3] or not self._cleaner.names.is_parameter(part[2].decode("utf-8", "replace")):
            return part[0]
        return part[1] + self._secret("parameter", part[3].decode("utf-8", "surrogateescape")).encode() + part[4]

    def _secret(self, name: str, value: str, *, is_told: bool = True) -> str:
        """The placeholder of ``value``; ``is_told``: it is looked out for elsewhere."""
        if not value or PLACEHOLDER.fullmatch(value):
            return value
        if is_told and self._cleaner.known.learn(name, value):
            self._urls.clear()
        return self._cleaner.placeholders.of(name, value.encode("utf-8", "surrogatepass"))


def _password_of(basic: str) -> str:
    """The password in basic credentials (RFC 7617), or ``""``."""
    try:
        return b64decode(basic).decode().partition(":")[2]
    except ValueError:
        return ""


def _quoted(text: str) -> str:
    """``text`` percent-encoded, its placeholders as they are."""
    pieces = SPLIT.split(text)
    return "".join([piece if PLACEHOLDER.fullmatch(piece) else quote(piece, safe="") for piece in pieces])


SPLIT = re.compile(r"(<secret:[a-z0-9-]{1,80}:[0-9]{1,9}>)")

COOKIE = re.compile(r"([^=;,\s]+\s*=\s*)([^;]*)")
"""A cookie's name and value (RFC 6265, section 4). In ``Set-Cookie`` the first pair is it, the others are attributes:
a program decides by names, paths and dates, so those stay."""

PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?|true|false", re.IGNORECASE)
"""What a field of any name may hold: a program computes with it, and it is too short for a secret."""

PART = re.compile(
    rb"""(\r\nContent-Disposition:[^\r\n]*?[; ]name="([^"\r\n]*)"[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n)"""
    rb"""([^\r\n]{1,4096})(\r\n--)""",
    re.IGNORECASE,
)
"""A field of a multipart form (RFC 7578) whose value is one line."""
