"""What was read of a foreign file, kept as a cassette: redacted as a recording is, before the first byte is written.

Beside the events stand notes: ``imported`` (format, file name, and what the file says beside its records),
``imported.form`` (how a record stood, for its export) and ``unimported`` (a record that is no event, with the reason).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from replay.canon import fingerprint
from replay.canon.placeholders import IN_BYTES
from replay.canon.redact import Redactor
from replay.canon.rules import Rules
from replay.cassette import Writer
from replay.cassette.behaviour import IMPORTED
from replay.engine.redaction import note_down
from replay.errors import CassetteError
from replay.events import Answer, Chunk, Event, Head, Header, Headers, Note, Part
from replay.interop.imported import NS, Imported, Unimported

KIND = "imported"
FORM = "imported.form"
LEFT_OUT = "unimported"

_URL = re.compile(r"[a-z]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cassette came to. ``redacted``: how many values were replaced, by where they stood and what they were."""

    path: str
    format: str
    events: int
    unimported: tuple[Unimported, ...]
    redacted: Mapping[str, int]


def keep(
    imported: Imported,
    path: str,
    *,
    name: str,
    environ: Mapping[str, str] | None = None,
    rules: Rules | None = None,
    verbatim: bool = False,
) -> Kept:
    """Write ``imported``, which was read from the file called ``name``, as the cassette ``path``, whole or not at all.

    ``environ`` and ``rules`` say what is secret, as for :class:`replay.canon.redact.Redactor`. With ``verbatim``
    nothing is replaced; requests are still matched as they are redacted. Raises :class:`CassetteError`.
    """
    part = f"{path}.part-{os.getpid()}"
    redactor = Redactor(environ, rules)
    counts: Counter[str] = Counter()
    writer = Writer.create(part, redactor.header(_header(imported, name, verbatim=verbatim)))
    try:
        note_down(writer, redactor.rules)
        _Pen(writer, redactor, counts, verbatim=verbatim).write(imported, name)
        writer.close()
        if writer.gaps:
            raise CassetteError(f"{path} could not be written: {writer.gaps[0]}", hint="is there room?")
        os.replace(part, path)
    finally:
        writer.close()
        Path(part).unlink(missing_ok=True)
    return Kept(path, imported.format, len(imported.events), imported.unimported, +counts)


class _Pen:
    """Writes the contents of one foreign file, and counts in ``counts`` what it replaces, by what and where it was."""

    def __init__(self, writer: Writer, redactor: Redactor, counts: Counter[str], *, verbatim: bool) -> None:
        self.writer = writer
        self.redactor = redactor
        self.counts = counts
        self.verbatim = verbatim

    def write(self, imported: Imported, name: str) -> None:
        top = dict(imported.top)
        self._note(KIND, {"format": imported.format, "name": name, "verbatim": self.verbatim, "top": top})
        for event in imported.events:
            id = self.writer.next_id()
            self._event(replace(event, id=id))
            if form := imported.forms.get(event.id):
                self._note(FORM, {"event": id, **form})
        for left in imported.unimported:
            self._note(LEFT_OUT, {"place": left.place, "reason": left.reason, "record": left.record})

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        if self.verbatim:
            self.writer.note(Note(kind, data))
            return
        text = json.dumps(self._without_urls(data)).encode()
        redacted = self.redactor.bytes(text)
        self._count(f"{kind} record", text, redacted)
        self.writer.note(Note(kind, json.loads(redacted)))

    def _without_urls(self, value: Any) -> Any:
        """``value`` with each text that is a URL redacted as one."""
        if isinstance(value, dict):
            return {key: self._without_urls(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without_urls(item) for item in value]
        return self.redactor.url(value) if isinstance(value, str) and _URL.match(value) else value

    def _event(self, event: Event) -> None:
        request = self.redactor.request(event.request)
        if self.redactor.rules.store:
            self.redactor.issued(event.id, request)
        kept = event.request if self.verbatim else request
        self.writer.issue(replace(event, request=kept, fingerprint=fingerprint(request)))
        self._count("request address", event.request.target.encode(), kept.target.encode())
        self._count("request body", event.request.body, kept.body)
        self._count_fields("request", event.request.headers, kept.headers)
        for part, at, tick in _parts(event.answer):
            for written in (part,) if self.verbatim else self.redactor.parts(event.id, part):
                self._count_part(part, written)
                self.writer.parts(event.id, [written], at, tick)

    def _count_part(self, part: Part, written: Part) -> None:
        if isinstance(part, Head) and isinstance(written, Head):
            self._count_fields("response", part.headers, written.headers)
        elif isinstance(part, Chunk) and isinstance(written, Chunk):
            self._count("response body", part.data, written.data)

    def _count_fields(self, of: str, before: Headers, after: Headers) -> None:
        for (name, value), (_, kept) in zip(before, after, strict=True):
            self.counts[f"{of} header {name.lower()}"] += value != kept

    def _count(self, where: str, before: bytes, after: bytes) -> None:
        if before is after or before == after:
            return
        found = Counter(IN_BYTES.findall(after)) - Counter(IN_BYTES.findall(before))
        for (kind, _), number in found.items():
            self.counts[f"{where}, {kind.decode()}"] += number


def _parts(answer: Answer | None) -> Iterator[tuple[Part, int, int]]:
    """The parts of a whole answer, each with the moment and the tick at which it came."""
    assert answer is not None and answer.head is not None and answer.end is not None
    yield answer.head, answer.head_at, answer.head_tick
    yield from [(chunk, chunk.at, chunk.tick) for chunk in answer.chunks]
    yield answer.end, answer.end_at, answer.end_tick


def _created(imported: Imported) -> int:
    """ns since the epoch: what the file says, or the first answer's date, or now."""
    for event in imported.events:
        date = event.answer.head.header("date") if event.answer and event.answer.head else None
        if imported.created or not date:
            continue
        try:
            return int(parsedate_to_datetime(date).timestamp()) * NS
        except (ValueError, OverflowError):
            continue
    return imported.created or time.time_ns()


def _header(imported: Imported, name: str, *, verbatim: bool) -> Header:
    from importlib.metadata import version

    return Header(
        run=uuid.uuid4().hex,
        created=_created(imported),
        tool=version("replay-debugger"),
        platform=sys.platform,
        tags={"imported": Path(name).name, **({"redaction": "none"} if verbatim else {})},
        behaviour=dict(IMPORTED),
    )
