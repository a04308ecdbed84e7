"""Bytes and text without secrets: by known value, by shape, by name, and inside base64."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from replay.canon import names
from replay.canon.enclosed import map_base64
from replay.canon.known import Known
from replay.canon.patterns import Pattern, may_hold_secret, row, rows_for
from replay.canon.placeholders import MARK, Placeholders
from replay.canon.rules import Find, Rules

DEEPEST = 3
"""Base64 within base64 is looked into this often."""

LOGIN_OPTIONS = frozenset({"-u", "--user", "--proxy-user", "-U"})
"""Options whose value is ``name:password`` (curl's)."""

_Secret = bytes  # Cleaner has a method of that name


class Cleaner:
    """``find``: the user's function, which is asked about every text that is not found clean otherwise."""

    def __init__(self, environ: Mapping[str, str], rules: Rules, find: Find | None, placeholders: Placeholders) -> None:
        self.placeholders = placeholders
        self.known = Known(environ, rules.variables)
        self.find = find
        self._own = tuple(_own_row(name, text) for name, text in rules.patterns)
        self.names = names.Names(rules.fields)

    @property
    def has_own_rules(self) -> bool:
        """Whether the user has patterns or a function: nobody knows how what they call secret begins."""
        return bool(self._own or self.find)

    def bytes(self, data: _Secret, depth: int = 0) -> _Secret:
        """``data`` without secrets; the very object when there is none. JSON stays JSON."""
        cleaned = data
        for needle in self.known.needles:
            if needle in data:
                cleaned = self.known.replace(data, self.placeholder)
                break
        if may_hold_secret(cleaned):
            cleaned = self._by_shape(cleaned, depth)
        known = self.known.needles
        if b"@" in cleaned and b"://" in cleaned:
            cleaned = self._without_logins(cleaned)
        if self.names.may_be_in(cleaned):
            cleaned = self.names.replace(cleaned, self.named)
        if self.known.needles is not known:  # a name has told one that stands elsewhere, too
            cleaned = self.known.replace(cleaned, self.placeholder)
        if self.has_own_rules:
            cleaned = self._by_own_rules(cleaned)
        return data if cleaned is data or cleaned == data else cleaned

    def text(self, text: str) -> str:
        """The text twin of :meth:`bytes`."""
        data = text.encode("utf-8", "surrogatepass")
        cleaned = self.bytes(data)
        return text if cleaned is data else cleaned.decode("utf-8", "surrogatepass")

    def words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words of a command line without secrets: also what stands behind an option of a secret's name."""
        cleaned: list[str] = []
        for before, word in zip(("", *words), words, strict=False):
            cleaned.append(self._after(before, word) or self.text(word))
        return tuple(cleaned)

    def _after(self, option: str, word: str) -> str:
        if not option.startswith("-") or "=" in option or names.stands_for(word.encode("utf-8", "surrogatepass")):
            return ""
        login, colon, password = word.partition(":")
        if option in LOGIN_OPTIONS and colon and password:
            return f"{login}:{self.named('password', password.encode('utf-8', 'surrogatepass')).decode()}"
        if not self.names.makes_secret(option, word):
            return ""
        return self.named("argument", word.encode("utf-8", "surrogatepass")).decode()

    def placeholder(self, name: str, secret: _Secret) -> _Secret:
        return self.placeholders.of(name, secret).encode()

    def named(self, name: str, secret: _Secret) -> _Secret:
        """The placeholder of what a name gave away; it is looked out for from now on."""
        self.known.learn(name, secret.decode("utf-8", "surrogateescape"))
        return self.placeholder(name, secret)

    def _by_shape(self, data: _Secret, depth: int) -> _Secret:
        for pattern in rows_for(data):
            data = pattern.regex.sub(self._replacement(pattern), data)
        return map_base64(data, lambda inside: self.bytes(inside, depth + 1)) if depth < DEEPEST else data

    def _without_logins(self, data: _Secret) -> _Secret:
        pieces: list[_Secret] = []
        at = 0
        start = data.find(b"://")
        while start >= 0:
            login = _LOGIN.match(data, start + 3)
            if login and not names.stands_for(login[1]):
                pieces += [data[at : login.start(1)], self.named("password", login[1])]
                at = login.end(1)
            start = data.find(b"://", start + 3)
        return b"".join([*pieces, data[at:]]) if pieces else data

    def _by_own_rules(self, data: _Secret) -> _Secret:
        for pattern in self._own:
            data = pattern.regex.sub(self._replacement(pattern), data)
        for secret in sorted(self._found(data), key=len, reverse=True):
            data = data.replace(secret, self.placeholder("found", secret))
        return data

    def _found(self, data: _Secret) -> set[_Secret]:
        """What the user's function calls secret. Placeholders are none, whatever it says."""
        if self.find is None:
            return set()
        found = {str(secret).encode("utf-8", "surrogatepass") for secret in self.find(data.decode("utf-8", "replace"))}
        return {secret for secret in found if secret and MARK not in secret}

    def _replacement(self, pattern: Pattern) -> Callable[[re.Match[_Secret]], _Secret]:
        name, group = pattern.name, pattern.group

        def replacement(match: re.Match[bytes]) -> bytes:
            secret = match[group]
            if names.stands_for(secret):
                return match[0]
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            return match[0][:start] + self.placeholder(name, secret) + match[0][end:]

        return replacement


def _own_row(name: str, text: str) -> Pattern:
    return row(name, "", text, group=1 if re.compile(text.encode()).groups else 0)


_LOGIN = re.compile(rb"""[^\s/@:"'\\<>]{0,200}:([^\s/@"'\\<>]{1,400})@""")
"""A password in an address, behind ``://`` (RFC 3986, section 3.2.1): connection strings."""
