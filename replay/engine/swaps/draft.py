"""One request while swaps are applied to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson

from replay.dialects import lenient
from replay.dialects.body import decoded
from replay.dialects.dialect import Dialect, url_path
from replay.dialects.lenient import Document
from replay.dialects.model import LlmRequest, Message
from replay.dialects.shapes import SHAPES, Shape
from replay.dialects.table import find
from replay.dialects.translate import table as voices
from replay.dialects.translate.voice import Voice
from replay.events import Answer, Request
from replay.taps.boundary import Instead

_OF_THE_BODY = frozenset({"content-encoding", "content-length"})
_KEYS = frozenset({"api-key", "authorization", "x-api-key", "x-goog-api-key"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What swaps make of a request. ``by``: their places in the list of swaps. ``request``: as it is written down.

    ``answer``: the answer that a swap gives. Else ``instead`` is what is performed; ``is_live``: by the world, not by a
    function of the user's. ``sent_to``: the URL of another wire format that it is sent in. ``lacks``: the variable that
    should hold the other provider's key, and does not.
    """

    by: tuple[int, ...]
    request: Request
    answer: Answer | None = None
    instead: Instead | None = None
    is_live: bool = False
    sent_to: str = ""
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Whom a model swap asks. ``key``: its API key, or empty."""

    voice: Voice
    model: str
    url: str
    key: str


@dataclass
class Draft:
    """``original`` is never changed; ``body`` is. ``recorded``: the answer that the original got in the recording."""

    original: Request
    recorded: Answer | None = None
    target: str = ""
    by: list[int] = field(default_factory=list)
    answer: Answer | None = None
    function: Callable[..., Any] | None = None
    asks_world: bool = False
    provider: Provider | None = None

    def __post_init__(self) -> None:
        self.target = self.original.target

    @cached_property
    def dialect(self) -> Dialect | None:
        return find(self.original)

    @property
    def can_be_edited(self) -> bool:
        """Whether it is a call to a model in a format that swaps can write."""
        return self.dialect is not None and self.dialect.name in SHAPES

    @property
    def shape(self) -> Shape:
        assert self.dialect is not None
        return SHAPES[self.dialect.name]

    @cached_property
    def body(self) -> Document:
        """The body as a JSON object of our own; empty when it is none."""
        data = decoded(self.original.body, self.original.header("content-encoding")).data
        return lenient.document(lenient.parse(data))

    @property
    def read(self) -> LlmRequest:
        """The request as it stands now."""
        assert self.dialect is not None
        return self.dialect.read_request(url_path(self.target), self.body)

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.read.messages

    def outcome(self) -> Outcome | None:
        """What has become of it; None when nothing has."""
        if not self.by:
            return None
        by, written = tuple(self.by), self._written()
        if self.answer is not None:
            return Outcome(by, written, answer=self.answer)
        if self.function is not None:
            return Outcome(by, written, instead=Instead(function=self.function), is_live=self.asks_world)
        if self.provider is None:
            return Outcome(by, written, instead=Instead(written), is_live=True)
        return self._asked_elsewhere(by, written, self.provider)

    def _written(self) -> Request:
        if "body" not in self.__dict__ or self.body == self._unchanged:
            return replace(self.original, target=self.target)
        headers = tuple([pair for pair in self.original.headers if pair[0].lower() not in _OF_THE_BODY])
        return replace(self.original, target=self.target, headers=headers, body=orjson.dumps(self.body))

    @cached_property
    def _unchanged(self) -> Document:
        return lenient.document(
            lenient.parse(decoded(self.original.body, self.original.header("content-encoding")).data)
        )

    def _asked_elsewhere(self, by: tuple[int, ...], written: Request, provider: Provider) -> Outcome:
        """Another provider: in its own format, or in ours at another address."""
        assert self.dialect is not None
        lacks = "" if provider.key else provider.voice.key_variable
        headers = tuple([pair for pair in written.headers if pair[0].lower() not in _KEYS])
        if provider.voice.dialect is self.dialect:
            keyed = provider.voice.headers(provider.key) if provider.key else ()
            known = {name for name, _ in keyed}
            kept = tuple([pair for pair in headers if pair[0].lower() not in known])
            sent = replace(written, target=provider.url, headers=(*kept, *keyed))
            return Outcome(by, sent, instead=Instead(sent), is_live=True, lacks=lacks)
        asked = voices.translated(self.body, url_path(self.target), self.dialect, provider.voice, provider.model)
        fields = (("content-type", "application/json"), ("accept-encoding", "identity"))
        sent = Request(
            "http", "POST", provider.url, (*fields, *provider.voice.headers(provider.key)), orjson.dumps(asked)
        )
        reading = voices.reading(self.dialect, provider.voice, self.body)
        return Outcome(by, written, instead=Instead(sent, reading), is_live=True, sent_to=provider.url, lacks=lacks)
