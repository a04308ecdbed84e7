"""What a user adds to the built-in rules of redaction: ``[tool.replay.redact]`` and ``[tool.replay.store]``.

Rules only ever add. They are written into the cassette, since a replay must redact what it asks as the recording did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any, Literal

from replay.errors import UsageError

Store = Literal["full", "shape", "none"]
STORES: tuple[Store, ...] = ("full", "shape", "none")

Find = Callable[[str], Iterable[str]]
"""A user's function: which parts of a text are secret."""

_LISTS = ("fields", "headers", "variables")
_HINT = "see the section on secrets in the README"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")


@dataclass(frozen=True, slots=True)
class Rules:
    """Additions to the built-in rules; the default adds nothing.

    * ``fields``: names of JSON keys, form fields, query parameters and options whose values are secrets.
    * ``headers``: names of header fields to drop although they are on the allow-list.
    * ``variables``: shell patterns of environment variables whose values are secrets.
    * ``patterns``: name of the placeholder -> regular expression of the secret (its first group, if it has one).
    * ``function``: ``module:name`` of a :data:`Find`.
    * ``store``: shell pattern of a host -> how much is kept of what is exchanged with it.
    * ``match``: names (lower case) of header fields of requests that take part in matching.
    """

    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    function: str = ""
    store: tuple[tuple[str, Store], ...] = field(default=())
    match: tuple[str, ...] = ()

    @property
    def by_request(self) -> bool:
        """Whether what is kept of a request, or decides on its answer, goes by these rules."""
        return bool(self.store or self.match)

    def stored(self, host: str) -> Store:
        """How much is kept of what is exchanged with ``host``: the first pattern that matches decides."""
        return next((how for pattern, how in self.store if fnmatchcase(host, pattern.lower())), "full")

    def to_data(self) -> dict[str, Any]:
        """Plain JSON data, without what is empty."""
        data: dict[str, Any] = {name: list(getattr(self, name)) for name in (*_LISTS, "match") if getattr(self, name)}
        data |= {name: dict(getattr(self, name)) for name in ("patterns", "store") if getattr(self, name)}
        return data | ({"function": self.function} if self.function else {})

    def and_also(self, other: Rules) -> Rules:
        """Both; of two ``store`` rules for a host the stricter comes first."""
        lists = (*_LISTS, "match")
        joined = {name: tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name)))) for name in lists}
        store = sorted({*self.store, *other.store}, key=lambda rule: (-STORES.index(rule[1]), rule[0]))
        return Rules(
            **joined,
            patterns=tuple(dict.fromkeys((*self.patterns, *other.patterns))),
            function=self.function or other.function,
            store=tuple(store),
        )


def rules_of(redact: Any, store: Any, place: str = "tool.replay", match: Any = ()) -> Rules:
    """The rules that plain data describes. Raises :class:`UsageError` naming the key that makes no sense."""
    redact, store = _table(redact, f"{place}.redact"), _table(store, f"{place}.store")
    if unknown := sorted(set(redact) - {*_LISTS, "patterns", "function"}):
        raise UsageError(f"{place}.redact.{unknown[0]} is no setting", hint=_HINT)
    for name, value in redact.items():
        if name in _LISTS and not (isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)):
            raise UsageError(f"{place}.redact.{name} is not a list of strings", hint=_HINT)
    for host, how in store.items():
        if how not in STORES:
            raise UsageError(f"{place}.store.{host} is {how!r}", hint='it may be "full", "shape" or "none"')
    return Rules(
        **{name: tuple(redact[name]) for name in _LISTS if name in redact},
        patterns=tuple(_pattern(name, text, place) for name, text in _table(redact.get("patterns"), place).items()),
        function=_function_name(redact.get("function", ""), place),
        store=tuple(store.items()),
        match=_field_names(match, place),
    )


def load_function(name: str) -> Find | None:
    """The user's function ``module:name``; None if there is none. Raises :class:`UsageError` if it cannot be had."""
    if not name:
        return None
    module, _, attribute = name.partition(":")
    try:
        function = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the redaction function {name} cannot be loaded: {error}", hint=_HINT) from error
    if not callable(function):
        raise UsageError(f"the redaction function {name} is no function", hint=_HINT)
    return function  # type: ignore[no-any-return]


def _field_names(value: Any, place: str) -> tuple[str, ...]:
    """In lower case: header fields are called the same however they are written (RFC 9110, section 5.1)."""
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(name, str) and _TOKEN.fullmatch(name) for name in value
    ):
        raise UsageError(
            f"{place}: match-header is no list of names of header fields", hint='match-header = ["x-tenant"]'
        )
    return tuple(dict.fromkeys([name.lower() for name in value]))


def _table(value: Any, place: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{place} is no table", hint=_HINT)
    return value


def _pattern(name: str, text: Any, place: str) -> tuple[str, str]:
    where = f"{place}.redact.patterns.{name}"
    if not re.fullmatch("[a-z0-9-]{1,40}", name):
        raise UsageError(f"{where}: a name has lower-case letters, digits and dashes", hint=_HINT)
    try:
        compiled = re.compile(text.encode())
    except (re.error, AttributeError) as error:
        raise UsageError(f"{where} is no regular expression: {error}", hint=_HINT) from error
    if compiled.search(b""):
        raise UsageError(f"{where} matches the empty text", hint=_HINT)
    return name, text


def _function_name(name: Any, place: str) -> str:
    if not isinstance(name, str) or (name and not re.fullmatch(r"[\w.]+:\w+", name)):
        raise UsageError(f"{place}.redact.function is not of the form module:name", hint=_HINT)
    return name
