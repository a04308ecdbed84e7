"""Which service stands behind which path of the proxy, and by which variable a program finds it.

An upstream's *base URL* is what the SDK's own setting would say (``https://api.openai.com/v1``); the proxy serves it
under ``/<name>``, or at the root when it has no name. Variables follow from the name alone, so that a cassette, which
somebody else may have made, cannot set any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from replay.errors import CassetteError, UsageError

NOTE: Final = "proxy"
"""Kind of the note that keeps the upstreams of a recording: base URLs by name."""

MAX_UPSTREAMS: Final = 64


@dataclass(frozen=True, slots=True)
class Known:
    """A service that SDKs find by a variable: its base URL, that variable, and the one that holds the key."""

    url: str
    variable: str
    key: str = ""


KNOWN: Final = {
    "openai": Known("https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    "anthropic": Known("https://api.anthropic.com", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
    "gemini": Known("https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"),
    "ollama": Known("http://127.0.0.1:11434", "OLLAMA_HOST"),
}
"""The variables are those that the vendors' SDKs for Python and JavaScript read; OLLAMA_HOST: Python and the CLI."""

NO_KEY: Final = "no-key-is-needed-to-replay"
"""What a program whose SDK will not start without a key is given on replay."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}(URL|HOST|BASE|ENDPOINT)")


@dataclass(frozen=True, slots=True)
class Upstream:
    """``name``: empty for the one at the root. ``url``: the base URL, without a slash at its end."""

    name: str
    url: str

    @property
    def path(self) -> str:
        """Where the proxy serves it."""
        return f"/{self.name.lower()}" if self.name else ""

    def variables(self) -> dict[str, str]:
        """The variables of a program that ask for it, each with what follows the address that the proxy serves."""
        if not self.name:
            known = KNOWN.values()
            return {each.variable: each.url[len(self.url) :] for each in known if _is_below(each.url, self.url)}
        if self.name in KNOWN:
            return {KNOWN[self.name].variable: ""}
        return {self.name if _VARIABLE.fullmatch(self.name) else f"{self.name.upper().replace('-', '_')}_BASE_URL": ""}


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Those of one run."""

    each: tuple[Upstream, ...]

    def __iter__(self) -> Iterator[Upstream]:
        return iter(self.each)

    def target(self, path: str) -> str | None:
        """The URL that ``path`` (with its query) stands for, or None."""
        for upstream in sorted(self.each, key=lambda each: -len(each.path)):
            rest = path[len(upstream.path) :]
            if path.startswith(upstream.path) and (not rest or rest[0] in "/?"):
                return upstream.url + rest
        return None

    def local(self, url: str, base: str) -> str:
        """``url`` as the program is to ask for it, whose proxy is at ``base``; as it is when no upstream serves it."""
        for upstream in self.each:
            if _is_below(url, upstream.url):
                return base + upstream.path + url[len(upstream.url) :]
        return url

    def environ(self, base: str) -> dict[str, str]:
        """The variables for a program whose proxy is at ``base``."""
        return {
            name: base + upstream.path + rest for upstream in self.each for name, rest in upstream.variables().items()
        }

    def keys(self) -> Iterator[str]:
        """The variables in which its SDKs look for keys."""
        variables = {name for upstream in self.each for name in upstream.variables()}
        return (known.key for known in KNOWN.values() if known.key and known.variable in variables)

    def with_given(self, given: Upstreams) -> Upstreams:
        """With those of ``given`` in place of, or beside, its own."""
        names = {upstream.name for upstream in given}
        return Upstreams((*given, *(upstream for upstream in self.each if upstream.name not in names)))

    def to_data(self) -> dict[str, str]:
        """What :func:`of_data` reads."""
        return {upstream.name: upstream.url for upstream in self.each}


def of_data(data: Any) -> Upstreams:
    """The upstreams that a cassette's note tells. Raises :class:`CassetteError` for what is none."""
    if not isinstance(data, dict) or len(data) > MAX_UPSTREAMS:
        raise CassetteError("the cassette's list of upstreams is none", hint="name them with --to NAME=URL")
    try:
        return Upstreams(tuple([_upstream(str(name), str(url)) for name, url in data.items()]))
    except UsageError as error:
        raise CassetteError(f"the cassette's list of upstreams is none: {error}", hint=error.hint) from None


def known(environ: Mapping[str, str]) -> Upstreams:
    """The known services, each where its variable in ``environ`` says, if it does."""
    return Upstreams(tuple([_known(name, environ) for name in KNOWN]))


def given(texts: Iterable[str], environ: Mapping[str, str]) -> Upstreams:
    """What ``--to`` names: a known service or a variable that is set, ``NAME=URL``, or ``URL``.

    Raises :class:`UsageError`.
    """
    found = Upstreams(tuple([_given(text, environ) for text in texts]))
    if len({upstream.path for upstream in found}) < len(found.each):
        raise UsageError("two upstreams would be served at one path", hint="give each a name: --to NAME=URL")
    return found


def _given(text: str, environ: Mapping[str, str]) -> Upstream:
    if text in KNOWN:
        return _known(text, environ)
    if _VARIABLE.fullmatch(text) and text in environ:
        return _upstream(text, environ[text])
    name, equals, url = text.partition("=")
    return _upstream(name, url) if equals and "/" not in name else _upstream("", text)


def _known(name: str, environ: Mapping[str, str]) -> Upstream:
    url = environ.get(KNOWN[name].variable, "")
    if not url:
        return Upstream(name, KNOWN[name].url)
    return _upstream(name, _of_host(url) if name == "ollama" else url)


def _of_host(text: str) -> str:
    """OLLAMA_HOST may leave out scheme and port, and name the address that the server listens at."""
    address = text if "://" in text else f"http://{text}"
    parts = urlsplit(address)
    host = "127.0.0.1" if parts.hostname in (None, "0.0.0.0") else parts.hostname
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme if "://" in text else "", 11434)
    return f"{parts.scheme}://{host}:{port}{parts.path}"


def _upstream(name: str, url: str) -> Upstream:
    if name and not _NAME.fullmatch(name) and not _VARIABLE.fullmatch(name):
        raise UsageError(
            f"{name} is no name for an upstream", hint="a word such as mistral, or the variable such as SHOP_URL"
        )
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url or parts.query or parts.fragment or parts.username is not None:
        names = ", ".join(KNOWN)
        raise UsageError(f"{url or 'nothing'} is no base URL", hint=f"--to {names}, or --to NAME=https://host/path")
    return Upstream(name, url.rstrip("/"))


def _is_below(url: str, base: str) -> bool:
    return url == base or url.startswith((f"{base}/", f"{base}?"))
