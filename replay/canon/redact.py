"""Redaction: secrets become placeholders such as ``<secret:openai-key:1>`` before anything is kept or compared.

Equal secrets get equal placeholders within one process of a run. Numbers are counted, never derived from the secret,
so nothing in a file lets anyone test a guess. What shall match is redacted alike while recording and on replay, and
:mod:`replay.canon.fingerprint` disregards the placeholders' numbers. JSON stays JSON: only the inside of a string ever
changes. A compressed body is looked at unpacked (:mod:`replay.canon.packed`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from replay.canon import eventstream, grpc
from replay.canon.clean import Cleaner
from replay.canon.coding import unpacker
from replay.canon.fields import Fields, Found
from replay.canon.packed import UNPACKED, Packed, unpacked
from replay.canon.piped import Piped
from replay.canon.placeholders import Placeholders
from replay.canon.risks import Risks
from replay.canon.rules import Find, Rules, load_function
from replay.canon.spelled import Spelled
from replay.canon.store import Answered, stored_request
from replay.canon.stream import Kept, Stream
from replay.events import Chunk, End, Failure, Head, Header, Headers, Part, Request

VERSION = 1
"""Goes into the cassette's header (``behaviour["redaction"]``)."""

SPELLED = frozenset({"text/event-stream", "application/x-ndjson", "application/jsonl", "application/stream+json"})
"""Content types of streams whose lines spell a text piece by piece."""

STARTED = 0
"""The status of what a subprocess answers (:mod:`replay.taps.process`): no server has such a one."""

SWITCHED = 101
"""The status after which each chunk is a message of a WebSocket (:mod:`replay.dialects.websocket`)."""

FRESH = 64
"""Requests remembered that sent a secret for the first time."""

Data = bytes  # Redactor has a method of that name


class Redactor:
    """Redacts one run. ``environ`` is read once, here: its secret-named variables are secrets by value.

    ``find`` is the user's function, if it is not named in ``rules``. ``digest``: see
    :class:`replay.canon.fields.Fields`. Raises :class:`replay.errors.UsageError` when the
    one named there cannot be loaded.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        rules: Rules | None = None,
        find: Find | None = None,
        *,
        placeholders: Placeholders | None = None,
        digest: Callable[[bytes], str] | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.fresh: deque[Request] = deque(maxlen=FRESH)
        find = find or load_function(self.rules.function)
        self._cleaner = Cleaner(
            environ or {}, self.rules, find, Placeholders() if placeholders is None else placeholders
        )
        self._fields = Fields(self._cleaner, self.rules.headers, self.rules.match, digest)
        self._latest_risks: Risks | None = None
        self._answered: dict[int, Answered] = {}
        self._streams: dict[int, Kept | None] = {}
        self.url = self._fields.url
        self.bytes = self._cleaner.bytes
        self.text = self._cleaner.text

    @property
    def placeholders(self) -> Placeholders:
        return self._cleaner.placeholders

    def request(self, request: Request) -> Request:
        """``request`` without secrets; the very object when it holds none."""
        if self.rules.store and request.kind == "http":
            how = self.rules.stored(host_of(request.target))
            if how != "full":
                return stored_request(self._redacted(request), how)
        return self._redacted(request)

    def knows(self, headers: Headers) -> bool:
        """Whether these fields have been redacted before, so that no secret is new in them."""
        return self._fields.knows(headers)

    @staticmethod
    def has_changed(request: Request, redacted: Request) -> bool:
        """Whether more than the header fields of ``request`` was redacted."""
        return redacted.body is not request.body or redacted.target != request.target

    def issued(self, id: int, request: Request) -> None:
        """The request of event ``id`` is kept: what comes as its answer is kept by the rules of its host.

        To be called when ``rules.store`` has any.
        """
        host = host_of(request.target) if request.kind == "http" else ""
        how = self.rules.stored(host) if host else "full"
        if how != "full":
            self._answered[id] = Answered(how, host)

    def _redacted(self, request: Request) -> Request:
        known = len(self.placeholders)
        kept, form, coding, type = self._fields.of(request.headers)
        if kept is None:
            kept = request.headers
        target = (self.url if request.kind == "http" else self.text)(request.target)
        body = self.bytes(request.body if request.kind != "process" else self._command(request.body))
        if body is not request.body and type == grpc.TYPE:
            body = grpc.rewritten(request.body, self.bytes, self.headers)
        if body and (form is not None or coding):
            body = form(body) if form is not None else self._packed_body(body, coding)
        if target == request.target and kept is request.headers and body is request.body:
            return request
        redacted = Request(request.kind, request.action, target, kept, body, request.effect)
        if len(self.placeholders) != known:
            self.fresh.append(redacted)
        return redacted

    def head(self, head: Head) -> Head:
        """``head`` with the values of fields outside the allow-list replaced."""
        kept = self._fields.of(head.headers).kept
        return head if kept is None else replace(head, headers=kept)

    def parts(self, id: int, part: Part) -> tuple[Part, ...]:
        """What to keep of the next part of the answer to event ``id``; the parts of one answer come in order.

        Usually one for one. Chunks that may begin a secret which a later one completes are held back until that is
        known: so a chunk may give nothing, and later several.
        """
        if self._answered and id in self._answered:
            return self._stored(id, part)
        return self._parts(id, part)

    def body(self, id: int, chunks: list[Chunk]) -> list[Part]:
        """:meth:`parts`, for all chunks of a complete answer and its end."""
        if len(chunks) == 1 and type(self._streams.get(id)) is Stream and id not in self._answered:
            del self._streams[id]  # nothing comes after it that it could begin
            (chunk,) = chunks
            data = self.bytes(chunk.data)
            return [chunk if data is chunk.data else replace(chunk, data=data), End()]
        return [*self.chunks(id, chunks), *self.parts(id, End())]

    def chunks(self, id: int, chunks: list[Chunk]) -> list[Part]:
        """:meth:`parts`, for several chunks that have come one after the other."""
        stream = self._streams.get(id)
        if type(stream) is Spelled and id not in self._answered:
            return [*stream.feed_all(chunks)]
        return [kept for chunk in chunks for kept in self.parts(id, chunk)]

    @property
    def unended(self) -> frozenset[int]:
        """The events whose answers have begun and not ended."""
        return frozenset(self._streams)

    def held(self, ids: Iterable[int]) -> Iterator[tuple[int, Chunk]]:
        """What is held back of the answers to events ``ids``, when nothing comes any more that could complete it."""
        for id in ids:
            stream = self._streams.get(id)
            if stream is not None and id not in self._answered:
                for chunk in stream.finish():
                    yield id, chunk

    def _stored(self, id: int, part: Part) -> tuple[Part, ...]:
        answered = self._answered.pop(id) if isinstance(part, End) else self._answered[id]
        return tuple([kept for redacted in self._parts(id, part) for kept in answered.keep(redacted)])

    def _parts(self, id: int, part: Part) -> tuple[Part, ...]:
        if type(part) is Chunk:
            return self._chunk(id, part)
        if isinstance(part, Head):
            found = self._fields.of(part.headers)
            self._streams[id] = self._kept_of(part.status, found)
            return (part if found.kept is None else replace(part, headers=found.kept),)
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
        return self._fields.of(headers).kept or headers

    def header(self, header: Header) -> Header:
        """A cassette's header: the command line that was run, its tags and swaps."""
        entry = replace(header.entry, argv=self.words(header.entry.argv))
        tags = {name: self.text(value) for name, value in header.tags.items()}
        return replace(header, entry=entry, tags=tags, swaps=tuple(map(self.text, header.swaps)))

    def words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words of a command line."""
        return self._cleaner.words(words)

    def stream(self) -> Stream:
        """A redactor for the chunks of one answer, which catches a secret that straddles chunks."""
        return Stream(self.bytes, self._risks())

    def placeholder(self, name: str, secret: Data) -> str:
        """``<secret:name:N>``, the same for the same secret."""
        return self.placeholders.of(name, secret)

    def _kept_of(self, status: int, found: Found) -> Kept:
        if status == STARTED:
            return Piped(self.bytes, self._risks())
        if status == SWITCHED:
            return Spelled(self.bytes, self._risks(), items=True)
        return self._kept(found)

    def _kept(self, found: Found) -> Kept:
        if found.type == grpc.TYPE:
            return grpc.Framed(self.bytes, self.headers, self.stream())
        plain: Kept = Spelled(self.bytes, self._risks()) if found.type in SPELLED else self.stream()
        if found.type == eventstream.TYPE:
            plain = eventstream.EventStream(Spelled(self.bytes, self._risks()))
        unpack = unpacker(found.coding) if found.coding else None
        return Packed(unpack, plain) if unpack else plain

    def _risks(self) -> Risks:
        known = self._cleaner.known.needles
        if self._latest_risks is None or self._latest_risks.known is not known:
            self._latest_risks = Risks(self._cleaner.names, known, any_line=self._cleaner.has_own_rules)
        return self._latest_risks

    def _packed_body(self, body: Data, coding: str) -> Data:
        plain = unpacked(body, coding)
        if plain is None:
            return body
        redacted = self.bytes(plain)
        return body if redacted == plain else UNPACKED + redacted

    def _command(self, body: Data) -> Data:
        """What asks for a process, without what stands behind an option for secrets."""
        if b'"argv"' not in body:
            return body
        try:
            asked = json.loads(body)
            words = tuple(asked["argv"])
            redacted = self.words(words)
        except (ValueError, TypeError, KeyError, AttributeError):
            return body
        return body if redacted == words else json.dumps({**asked, "argv": redacted}).encode()

    def _chunk(self, id: int, chunk: Chunk) -> tuple[Part, ...]:
        stream = self._streams.get(id)
        if stream is None:  # no head: an item of a tool, which may be a piece of what a generator tells
            stream = self._streams[id] = Spelled(self.bytes, self._risks(), items=True)
        return tuple(stream.feed(chunk))


def host_of(url: str) -> str:
    """The host of ``url`` in lower case, without its port."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
