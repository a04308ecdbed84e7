"""Secrets that are known by their value: those of the environment, and those that the run itself was seen to use.

What stood in a header for keys, in a password field or in a cookie is looked for everywhere else from then on: a server
may echo it, and a prompt may quote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from urllib.parse import quote, unquote, urlsplit

from replay.canon.names import VARIABLE, looks_secret

SHORTEST = 8
"""Characters. Values of environment variables shorter than this are too likely to be plain words."""

LEARNED_AT_MOST = 64
"""Values learned; the oldest is forgotten. Each is searched for in every body, and most agents have one or two."""

_PATH = re.compile(r"[~.]{0,2}(?:/[\w.-]{1,31}){2,}/?")
_WORD = re.compile(r"[a-z]+|[A-Z]?[a-z]{1,15}")


@dataclass(frozen=True, slots=True)
class Value:
    """A secret by value, as it may be written: ``needles`` are its forms, longest first."""

    name: str
    plain: bytes
    regex: re.Pattern[bytes]
    needles: tuple[bytes, ...]


class Known:
    """The values known by now. ``needles`` are all their forms, for a first look."""

    def __init__(self, environ: Mapping[str, str], patterns: tuple[str, ...] = ()) -> None:
        self._lock = Lock()
        self._given = tuple(_value(_slug(name), value) for name, value in secret_variables(environ, patterns))
        self._learned: tuple[Value, ...] = ()
        self.needles: tuple[bytes, ...] = _needles(self._given)

    def learn(self, name: str, value: str) -> bool:
        """Look out for ``value`` from now on, if it can be told from ordinary text; whether that is new."""
        raw = value.encode("utf-8", "surrogatepass")
        if len(value) < SHORTEST or not looks_secret(raw) or raw in self.needles:
            return False
        with self._lock:
            self._learned = (*self._learned[-LEARNED_AT_MOST + 1 :], _value(name, value))
            self.needles = _needles((*self._given, *self._learned))
        return True

    def replace(self, data: bytes, placeholder: Callable[[str, bytes], bytes]) -> bytes:
        """``data`` with every known value replaced by ``placeholder(name, value)``."""
        for value in (*self._given, *self._learned):
            if any(needle in data for needle in value.needles):
                data = value.regex.sub(placeholder(value.name, value.plain), data)
        return data


def secret_variables(environ: Mapping[str, str], patterns: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The secrets of ``environ`` by variable, and the passwords of the addresses in it.

    ``patterns``: the user's own shell patterns of such names.

    Longest value first, since one secret may contain another; then by name, so that the choice is repeatable.
    """
    named = [
        (name, value)
        for name, value in environ.items()
        if (VARIABLE.search(name) and not _PATH.fullmatch(value)) or any(fnmatchcase(name, each) for each in patterns)
    ]
    logins = [(name, password) for name, value in environ.items() if "://" in value for password in _passwords(value)]
    found = {(name, value) for name, value in (*named, *logins) if len(value) >= SHORTEST}
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))


def _passwords(url: str) -> Iterable[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return ()
    return {password, unquote(password)} if password else ()


def _value(name: str, value: str) -> Value:
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")}
    needles = sorted({form.encode("utf-8", "surrogatepass") for form in forms}, key=len, reverse=True)
    regex = b"|".join(map(re.escape, needles))
    if value.isdigit():  # inside a string only: a number in JSON, or a part of one, is never touched
        regex = b'(?<=")(?:' + regex + b')(?=")'
    elif _WORD.fullmatch(value):  # as a value only: elsewhere it is a word like others
        regex = rb"""(?<=["'=:])(?:""" + regex + rb""")(?=["'&;@,\s\\]|\Z)"""
    return Value(name, value.encode("utf-8", "surrogatepass"), re.compile(regex), tuple(needles))


def _needles(values: Iterable[Value]) -> tuple[bytes, ...]:
    return tuple([needle for value in values for needle in value.needles])


def _slug(variable: str) -> str:
    return f"env-{re.sub('[^a-z0-9]+', '-', variable.lower()).strip('-')[:70]}"
