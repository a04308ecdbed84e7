"""What one wire format must be able to say so that another can be spoken as it: an entry of the table of voices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document
from replay.dialects.model import LlmAnswer, LlmRequest
from replay.dialects.translate.deltas import Delta
from replay.errors import UsageError


class Hearing(Protocol):
    """Makes deltas of the objects of one stream, in order."""

    def hear(self, event: Document) -> Iterable[Delta]: ...


class Telling(Protocol):
    """Makes the server-sent events of one stream of deltas, in order."""

    def tell(self, delta: Delta) -> bytes: ...

    def finish(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """* ``params``: the request's parameters -> those all formats understand (see :data:`SHARED`), and the names of
      those that nothing else has.
    * ``request``: (a request whose ``params`` are the shared ones) -> body. ``answer``: (answer, its id) -> body.
    * ``error``: (type, message) -> the body of an error. ``finish``: its own words for why an answer ended -> shared.
    * ``hearing`` and ``telling`` make a fresh one for each stream; ``telling`` gets the original request's body.
    * ``path``: where below a base URL the API lies; ``base`` and ``base_variable``: the usual base URL and the
      environment variable that names another; ``key_variable`` and ``headers``: the key's variable, and the fields that
      carry it.
    """

    dialect: Dialect
    params: Callable[[Document], tuple[Document, list[str]]]
    request: Callable[[LlmRequest], Document]
    answer: Callable[[LlmAnswer, str], Document]
    error: Callable[[str, str], Document]
    finish: dict[str, str]
    hearing: Callable[[], Hearing]
    telling: Callable[[Document], Telling]
    path: str
    base: str
    base_variable: str
    key_variable: str
    headers: Callable[[str], tuple[tuple[str, str], ...]]


SHARED = ("max_tokens", "temperature", "top_p", "stop", "tool_choice", "parallel", "user")
"""Parameters that have the same meaning everywhere. ``stop`` is a list; ``tool_choice`` is ``auto``, ``none``,
``required``, or a tool's name as ``{"name": …}``; ``parallel``: whether several tools may be called at once."""


def only_known(params: Document, known: dict[str, str], harmless: frozenset[str]) -> tuple[Document, list[str]]:
    """``params`` under their shared names, and the names of what is neither in ``known`` nor ``harmless``."""
    shared = {known[name]: value for name, value in params.items() if name in known and value is not None}
    return shared, [
        name for name, value in params.items() if name not in known and name not in harmless and value is not None
    ]


def unspeakable(what: str, voice: str) -> UsageError:
    return UsageError(
        f"{what} cannot be said in the {voice} format", hint="take it out by another swap, or keep the provider"
    )


def arguments(text: str) -> Any:
    """The arguments of a call as an object; text that is none goes under one key, so that it is not lost."""
    from replay.dialects import lenient

    value = lenient.parse(text) if text else {}
    return value if isinstance(value, dict) else {"arguments": text}
