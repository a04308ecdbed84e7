"""Canonical form of a URL: the parts that a server cannot tell apart are written one way.

Scheme and host in lower case, no default port, ``/`` for an empty path, no fragment (RFC 3986, section 6.2), and the
query sorted by name. Values of one name keep their order, because ``a=1&a=2`` is a list to most servers.
"""

from __future__ import annotations

from collections.abc import Callable

DEFAULT_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


def canonical_url(url: str) -> str:
    """``url`` in canonical form; text that is no absolute URL only loses its fragment and gets its query sorted."""
    rest, _, _ = url.partition("#")
    rest, mark, query = rest.partition("?")
    scheme, colon, after = rest.partition("://")
    if colon:
        authority, slash, path = after.partition("/")
        scheme = scheme.lower()
        rest = f"{scheme}://{_authority(authority, scheme)}/{path if slash else ''}"
    return f"{rest}?{sorted_pairs(query)}" if mark and query else rest


def sorted_pairs(text: str) -> str:
    """``name=value&…`` sorted by name; the sort is stable."""
    return "&".join(sorted(filter(None, text.split("&")), key=_name))


def map_pairs(text: str, change: Callable[[str, str], str]) -> str:
    """``name=value&…`` with each value replaced by ``change(name, value)``, as written (still percent-encoded)."""
    pairs = [pair.partition("=") for pair in text.split("&")]
    return "&".join([f"{name}={change(name, value)}" if equals else name for name, equals, value in pairs])


def _name(pair: str) -> str:
    return pair.partition("=")[0]


def _authority(authority: str, scheme: str) -> str:
    user, at, host = authority.rpartition("@")
    return f"{user}{at}{host.lower().removesuffix(DEFAULT_PORTS.get(scheme, ' '))}"
