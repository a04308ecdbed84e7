"""An answer in one wire format, made into one in another while it comes."""

from __future__ import annotations

from dataclasses import replace

import orjson

from replay.dialects import lenient
from replay.dialects.body import decoded
from replay.dialects.lenient import Document, document, string
from replay.dialects.sse import server_events
from replay.dialects.translate.voice import Voice
from replay.events import Head, first_header

_OF_THE_BODY = frozenset({"content-length", "content-encoding", "content-type", "transfer-encoding"})
_KINDS = {True: "text/event-stream; charset=utf-8", False: "application/json"}


class Translated:
    """See :class:`replay.taps.boundary.Reading`. ``asked`` is the body that the program sent, in the format ``to``."""

    def __init__(self, of: Voice, to: Voice, asked: Document) -> None:
        self.of = of
        self.to = to
        self.asked = asked
        self.waiting = b""
        self.encoding: str | None = None
        self.status = 200
        self.streams = False
        self.hearing = of.hearing()
        self.telling = to.telling(asked)

    def head(self, head: Head) -> Head:
        """The head of the translated answer: its body has another type and length, and is not compressed."""
        self.status = head.status
        self.encoding = first_header(head.headers, "content-encoding")
        self.streams = (first_header(head.headers, "content-type") or "").startswith("text/event-stream")
        kept = [(name, value) for name, value in head.headers if name.lower() not in _OF_THE_BODY]
        return replace(head, headers=(*kept, ("content-type", _KINDS[self.streams])))

    def feed(self, data: bytes) -> bytes:
        """Whole events are told at once; a JSON body, or one that is compressed, only when all of it is there."""
        self.waiting += data
        if not self.streams or self.encoding not in (None, "", "identity"):
            return b""
        waiting = self.waiting.replace(b"\r\n", b"\n")
        whole, mark, rest = waiting.rpartition(b"\n\n")
        if not mark:
            return b""
        self.waiting = rest
        return self._told(whole + mark)

    def finish(self) -> bytes:
        body, self.waiting = decoded(self.waiting, self.encoding).data, b""
        if self.streams:
            return self._told(body + b"\n\n") + self.telling.finish()
        doc = document(lenient.parse(body))
        if self.status >= 400 or doc.get("error"):
            return self._error(doc, body)
        answer = self.of.dialect.read_answer(doc)
        reason = self.of.finish.get(answer.finish_reason, answer.finish_reason)
        return orjson.dumps(self.to.answer(replace(answer, finish_reason=reason), string(doc.get("id"))))

    def _told(self, stream: bytes) -> bytes:
        events = (lenient.parse(event.data) for event in server_events(stream))
        deltas = (delta for event in events if isinstance(event, dict) for delta in self.hearing.hear(event))
        return b"".join([self.telling.tell(delta) for delta in deltas])

    def _error(self, doc: Document, body: bytes) -> bytes:
        error = document(doc.get("error"))
        said = string(error.get("message")) or body.decode("utf-8", "replace")[:500]
        return orjson.dumps(self.to.error(string(error.get("type")) or "api_error", said))
