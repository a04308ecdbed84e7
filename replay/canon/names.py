"""Secrets that are told by what they are called: ``"password": "…"``, ``client_secret=…``, ``--api-key …``, ``KEY=…``.

Two kinds of names. A *sure* one (``password``, ``api_key``) makes any value in quotes a secret. A *vague* one is also
the name of harmless things (the tokens of log probabilities, ``"secret": "no"``), so its value must look like a secret,
and so must any value without quotes: prose says "the password: ask for it". Numbers are never touched, and neither is
what plainly stands for a value (``${PASSWORD}``, ``<your key>``, ``string``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

VARIABLE = re.compile(
    r"KEY|TOKEN|SECRET|PASS(?:WORD|WD|PHRASE)|CREDENTIAL|CONNECTION_?STRING|(?:^|_)(?:PAT|DSN|AUTH|COOKIE)$",
    re.IGNORECASE,
)
"""Environment variables whose values are secrets."""

PARAMETER = re.compile(
    r"(?:.*(?:api|access|auth|secret|private|subscription|session)[_-]?(?:key|token)|(?:refresh|id|security|bearer)[_-]?token"
    r"|x-(?:amz|goog)-(?:signature|credential|security-token)|(?:.*[_-])?client[_-]?(?:secret|assertion)"
    r"|(?:.*[_-])?pass(?:word|wd|phrase|code)|code[_-]?verifier|assertion|device[_-]?code|connection[_-]?string"
    r"|key|token|sig|signature|secret|auth|authorization|pwd|credentials?)",
    re.IGNORECASE,
)
"""Query parameters and form fields whose values are secrets."""

_KEY_OF = "api|secret|private|access|account|signing|encryption|master|auth|shared|subscription"
_TOKEN_OF = (
    "access|refresh|auth|api|id|session|security|bearer|bot|csrf|xsrf|private|oauth|user|service|secret|jwt|admin"
)
SURE = (
    r"pass(?:word|wd|phrase)"
    rf"|(?:{_KEY_OF})[_-]?(?:access[_-]?)?key"
    rf"|(?:{_TOKEN_OF})[_-]?(?:access[_-]?)?token"
    r"|(?:client|app|shared|consumer|webhook|signing|jwt)[_-]?secret"
)
VAGUE = (
    r"pwd|(?<!<)secret|credentials?|authorization|cookie"
    r"|(?:(?<![a-z0-9_-])|(?<=--)|(?<=\\[nrt]))(?:token|auth)"
    r"|(?:(?<=[?&])|(?<=u0026)|(?<=x-amz-)|(?<=x-goog-))sig(?:nature)?"  # a signed address is as good as a key
)

# A quote may itself stand inside strings: the arguments of a tool call are JSON within JSON.
_QUOTE = r"""\\{0,7}["']"""
_SPACE = r"(?:\s|\\{1,3}[nrt]){0,40}"
_QUOTED = (
    r'"(?P<v0>(?:[^"\\]|\\.)*+)"'
    r'|\\"(?P<v1>(?:[^"\\]|\\\\(?:\\\\|\\"|[^"\\]))*+)\\"'
    r'|(?P<deep>\\{2,7}")(?P<v2>[^"\\]*+)(?P=deep)'
    r"|'(?P<v3>[^'\\\r\n]*+)'"
)
_VALUES = ("v0", "v1", "v2", "v3")
_FREE = r"""[^\s"'`&;,(){}\[\]<>\\|]{4,8192}+"""
_SCHEME = r"(?:bearer|basic|token|bot|apikey|digest)[ ]{1,4}"


_AFTER = (
    # In quotes; in a list of words, behind an option; free, where prose says all sorts of things.
    rf"(?P<closing>{_QUOTE})?{_SPACE}[:=]{_SPACE}b?(?P<quoted>{_QUOTED})"
    rf"|{_QUOTE}{_SPACE},{_SPACE}{_QUOTE}(?P<item>{_FREE})(?={_QUOTE})"
    rf"|[ ]?[:=][ ]?(?P<login>{_SCHEME}{_FREE})"
    rf"|(?:{_QUOTE})?[ \t]{{0,4}}[:=][ \t]{{0,4}}(?P<free>{_FREE})"
    rf"|[ ](?P<word>{_FREE})"
)
_LOOKED_BACK = 64
"""Bytes. The longest name with what may stand before it."""

_LETTERS = bytes([*range(65, 91), *range(97, 123)])
_DIGITS = frozenset(bytes([code]) for code in b"0123456789")
_OPENED = frozenset(b":=,-")
"""What ends in a digit is within the value of a name only behind one of these."""

_ENDINGS = (
    b"password", b"passwd", b"passphrase", b"pwd", b"key", b"token", b"secret", b"credential", b"authorization",
    b"cookie", b"auth", b"sig", b"signature",
)  # fmt: skip
"""What names end in."""


@cache
def _name(own: tuple[str, ...]) -> re.Pattern[bytes]:
    """A name at the end. Compiled when first needed, which in most runs is never."""
    sure = "|".join((SURE, *(rf"(?<![A-Za-z0-9]){re.escape(name)}" for name in own)))
    text = rf"(?P<option>(?<![a-z0-9_-])--?[a-z0-9_-]{{0,40}}?)?(?:(?P<sure>{sure})|(?P<vague>{VAGUE}))\Z"
    return re.compile(text.encode(), re.IGNORECASE)


@cache
def _after() -> re.Pattern[bytes]:
    return re.compile(_AFTER.encode(), re.IGNORECASE)


@cache
def _cuts(own: tuple[str, ...]) -> frozenset[bytes]:
    """What the word at the end may be when a name was only begun."""
    return frozenset(name[:size].lower().encode() for name in (*BEGINNINGS, *own) for size in range(1, 4))


@cache
def _open(own: tuple[str, ...]) -> re.Pattern[bytes]:
    """A name or the beginning of one at the end, or behind it what may be the beginning of its value."""
    begun = "|".join(sorted({*BEGINNINGS, *(re.escape(name[:4]) for name in own)}))
    cut = "|".join(sorted(map(bytes.decode, _cuts(own))))
    value = rf"(?:{_QUOTE})?{_SPACE}[:=,]{_SPACE}(?:{_QUOTE}[^\"\r\n]{{0,512}}|(?:{_SCHEME})?[^\s\"'&;]{{0,512}})"
    return re.compile(
        rf"(?:(?:{begun})[a-z_-]{{0,30}}(?:{value}|{_QUOTE}?{_SPACE}|\\{{0,7}})"
        rf"|-(?:{begun})[a-z_-]{{0,30}}[ ][^\\s\"']{{0,512}}"
        rf"|(?<![a-z])(?:{cut})|_(?:{cut}))\Z".encode(),
        re.IGNORECASE,
    )


BEGINNINGS = (
    "pass", "pwd", "secr", "cred", "auth", "cook", "toke", "api", "priv", "acce", "acco", "sign", "encr", "mast",
    "shar", "subs", "serv", "stor", "admi", "refr", "id_t", "idto", "sess", "secu", "bear", "bot", "csrf", "xsrf",
    "oaut", "user", "jwt", "clie", "app", "cons", "webh", "code", "conn", "set-",
)  # fmt: skip
"""How the names above begin."""


# Every name above has one of these in it, in lower case. A search that begins with one rare letter is the quickest.
_WITH_K = re.compile(rb"k(?:ey|en|ie)[\"'=: \\]")
STEMS = (b"pwd", b"secret", b"edential")
_WITH_PASS = (b"passw", b"passphrase")
_WITH_SIG = (b"?sig", b"&sig", b"0026sig", b"-sig")
_SURE_OPTION = re.compile(rf"(?:{SURE})$", re.IGNORECASE)

STANDS_FOR = re.compile(
    rb"""<.*>|\$.*|%.*%|\{.*|\[.*|\*+|x+|\.+|-+|none|null|nil|undefined|true|false|yes|no|string|str|text|secret|token
    |pass(?:word|wd|phrase)|required|optional|hidden|redacted|masked|removed|example|placeholder|test|your[-_ ].*
    |my[-_ ].*|(?:test|dummy|fake|mock|sample|example)[-_ ].*|.*(?:os\.environ|getenv|process\.env).*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Values that are none."""
_TELLING = re.compile(rb"(?=[^0-9]{0,200}[0-9])(?=[^A-Za-z]{0,200}[A-Za-z])[\x21-\x7e]{6,8192}")
_PLAIN = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[~.]{0,2}(?:/[\w.-]+){2,}/?|[a-z][a-z0-9+.-]*://[^@]*|[0-9.,]+[a-z%]{0,2}"
)
_COOKIE = r"""[^\s=;,"'\\<>{}]{1,200}=[^\s;,"'\\<>{}]{0,4096}"""
_COOKIES = re.compile(rf"{_COOKIE}(?:;[ ]?(?:{_COOKIE}|[A-Za-z]+))*".encode())
_NO_STRUCTURE = re.compile(rb"[^\s\"'{}\[\],]+")
_WORD = re.compile(rb"[A-Z]?[a-z]{1,15}|[A-Z]{1,15}")
_CREDENTIALS = re.compile(rb"(?:basic|bearer|token|bot|apikey|digest)\s+(.+)", re.IGNORECASE | re.DOTALL)

_MIXED = re.compile(rb"(?=.{0,200}(?:[0-9=]|[a-z][A-Z]|[A-Z][a-z]))[\x21-\x7e]{8,8192}")


class Names:
    """The names above and the user's ``own``."""

    def __init__(self, own: tuple[str, ...] = ()) -> None:
        self._own = own
        self.has_own = bool(own)
        self._cuts = _cuts(own)
        self._begun = tuple({name[:4].lower().encode() for name in (*BEGINNINGS, *own)})
        self._stems = (*STEMS, *(name.lower().encode() for name in own))
        self._endings = (*_ENDINGS, *(name.lower().encode() for name in own))
        self._parameters = frozenset(name.lower() for name in own)

    def may_be_in(self, data: bytes) -> bool:
        """The first look: a copy in lower case and some searches in it."""
        low = data.lower()
        for stem in self._stems:
            if stem in low:
                return True
        if b"pass" in low and any(stem in low for stem in _WITH_PASS):
            return True
        if b"sig" in low and any(stem in low for stem in _WITH_SIG):
            return True
        if _WITH_K.search(low):
            return True
        return b"z" in low and b"authorization" in low

    def may_be_open(self, data: bytes) -> bool:
        """Whether ``data`` ends within a name, or within the value of one."""
        if data[-1:] in _DIGITS and not _OPENED.intersection(data):
            return False
        if data[len(data.rstrip(_LETTERS)) :].lower() in self._cuts:
            return True
        low = data.lower()
        if not any(begun in low for begun in self._begun):
            return False
        return _open(self._own).search(data) is not None

    def replace(self, data: bytes, placeholder: Callable[[str, bytes], bytes]) -> bytes:
        """``data`` with each value of a secret's name replaced by ``placeholder(name, value)``."""
        pieces: list[bytes] = []
        at = 0
        for end in self._ends(data.lower()):
            if end < at:
                continue
            behind = _after().match(data, end)
            if behind and behind["word"] and b"-" not in data[max(at, end - _LOOKED_BACK) : end]:
                continue  # prose: a word behind a space is a value only if the name is that of an option
            name = behind and _name(self._own).search(data, max(at, end - _LOOKED_BACK), end)
            if behind and name and (span := _value_of(name, behind)):
                start, end = span
                pieces += [data[at:start], placeholder(_slug(name["sure"] or name["vague"]), data[start:end])]
                at = end
        return b"".join([*pieces, data[at:]]) if pieces else data

    def _ends(self, low: bytes) -> list[int]:
        """Where a name may end."""
        found = set()
        for ending in self._endings:
            start = low.find(ending)
            while start >= 0:
                end = start + len(ending)
                found.add(end + (low[end : end + 1] == b"s" and ending == b"credential"))
                start = low.find(ending, end)
        return sorted(found)

    def is_parameter(self, name: str) -> bool:
        """Whether the query parameter or form field ``name`` holds a secret."""
        return PARAMETER.fullmatch(name) is not None or name.lower() in self._parameters

    def makes_secret(self, option: str, word: str) -> bool:
        """Whether ``word``, behind ``option`` in a command line, is a secret."""
        name = option.lstrip("-")
        raw = word.encode("utf-8", "surrogatepass")
        return self.is_parameter(name) and (_SURE_OPTION.search(name) is not None or looks_secret(raw))


def stands_for(value: bytes) -> bool:
    """Whether ``value`` is a placeholder, ours or another's, or a word that no secret is."""
    return b"<secret:" in value or STANDS_FOR.fullmatch(value) is not None


def looks_secret(value: bytes) -> bool:
    """Whether ``value`` is one word with digits and letters, and no date, path, address or amount."""
    return _TELLING.fullmatch(value) is not None and _PLAIN.fullmatch(value) is None


def _value_of(name: re.Match[bytes], behind: re.Match[bytes]) -> tuple[int, int] | None:
    """Where the value of ``name`` stands, if what is behind it is a secret."""
    form = next(form for form in ("quoted", "item", "login", "free", "word") if behind[form] is not None)
    is_option = name["option"] is not None
    if (form in ("item", "word") and not is_option) or (form == "login" and b"auth" not in name[0].lower()):
        return None
    group = _quoted_value(behind) if form == "quoted" else form
    if not group:
        return None
    is_enough = form in ("quoted", "item") and name["sure"] is not None
    if form == "free" and name[0].lower().endswith(b"cookie"):
        line = _COOKIES.match(behind.string, behind.start(form))
        return line.span() if line and _is_secret(line[0], is_enough=False) else None
    return behind.span(group) if _is_secret(behind[group], is_enough=is_enough) else None


def _quoted_value(behind: re.Match[bytes]) -> str:
    """The group of a value in quotes; empty if these quotes do not belong together.

    A name in quotes has its value in quotes of the same kind: in ``"{\\"password\\":"`` the last one ends the string
    around it. Without quotes around the name, as in ``"say the password:","next"``, what stands between quotes may be
    what is between two strings.
    """
    group = next(each for each in _VALUES if behind[each] is not None)
    closing = behind["closing"]
    if closing is not None and closing.endswith(b'"'):
        opening = behind["quoted"].partition(b'"')[0]
        return group if opening == closing[:-1] else ""
    return group if _NO_STRUCTURE.fullmatch(behind[group]) else ""


def _is_secret(value: bytes, *, is_enough: bool) -> bool:
    if not value or stands_for(value):
        return False
    if is_enough:
        # A plain word is no secret that could be told from the word elsewhere, and programs compare with such words.
        return _WORD.fullmatch(value) is None
    if credentials := _CREDENTIALS.fullmatch(value):
        return _MIXED.fullmatch(credentials[1]) is not None
    return any(looks_secret(part) for part in value.split(b"; "))


def _slug(name: bytes) -> str:
    return re.sub("[^a-z]+", "-", name.decode().lower())
