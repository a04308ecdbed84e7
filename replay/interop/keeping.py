"""What was read of a foreign file, kept as a cassette: redacted as a recording is, before the first byte is written.

Beside the events stand notes: ``imported`` (format, file name, and what the file says beside its records),
``imported.form`` (how a record stood, for its export) and ``unimported`` (a record that is no event, with the reason).
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from replay.canon import fingerprint
from replay.canon.placeholders import Placeholders
from replay.canon.redact import Redactor
from replay.canon.rules import Rules
from replay.cassette import Writer
from replay.cassette.behaviour import IMPORTED
from replay.engine.redaction import note_down
from replay.errors import CassetteError
from replay.events import Event, Header, Note, Part
from replay.interop.imported import Imported, Unimported

KIND = "imported"
FORM = "imported.form"
LEFT_OUT = "unimported"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cassette came to. ``redacted``: how many values were replaced, by the name of their placeholder."""

    path: str
    format: str
    events: int
    unimported: tuple[Unimported, ...]
    redacted: Mapping[str, int]


class _Counted(Placeholders):
    """Counts what is replaced, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def of(self, name: str, secret: bytes) -> str:
        self.counts[name] += 1
        return super().of(name, secret)


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
    part = f"{path}.part"
    placeholders = _Counted()
    redactor = Redactor(environ, rules, placeholders=placeholders)
    writer = Writer.create(part, redactor.header(_header(imported, name, verbatim=verbatim)))
    try:
        note_down(writer, redactor.rules)
        _write(writer, redactor, imported, name, verbatim=verbatim)
    finally:
        writer.close()
    if writer.gaps:
        os.unlink(part)
        raise CassetteError(f"{path} could not be written: {writer.gaps[0]}", hint="is there room?")
    os.replace(part, path)
    counts = {} if verbatim else dict(placeholders.counts)
    return Kept(path, imported.format, len(imported.events), imported.unimported, counts)


def _write(writer: Writer, redactor: Redactor, imported: Imported, name: str, *, verbatim: bool) -> None:
    def note(kind: str, data: Mapping[str, Any]) -> None:
        text = json.dumps(data).encode("utf-8", "surrogatepass")
        writer.note(Note(kind, json.loads(text if verbatim else redactor.bytes(text))))

    note(KIND, {"format": imported.format, "name": name, "verbatim": verbatim, "top": dict(imported.top)})
    for event in imported.events:
        id = writer.next_id()
        _write_event(writer, redactor, replace(event, id=id), verbatim=verbatim)
        if form := imported.forms.get(event.id):
            note(FORM, {"event": id, **form})
    for left in imported.unimported:
        note(LEFT_OUT, {"place": left.place, "reason": left.reason, "record": left.record})


def _write_event(writer: Writer, redactor: Redactor, event: Event, *, verbatim: bool) -> None:
    redacted = redactor.request(event.request)
    if redactor.rules.store:
        redactor.issued(event.id, redacted)
    mark = fingerprint(redacted)
    writer.issue(replace(event, request=event.request if verbatim else redacted, fingerprint=mark))
    answer = event.answer
    assert answer is not None and answer.head is not None and answer.end is not None
    parts: list[tuple[Part, int, int]] = [(answer.head, answer.head_at, answer.head_tick)]
    parts += [(chunk, chunk.at, chunk.tick) for chunk in answer.chunks]
    parts.append((answer.end, answer.end_at, answer.end_tick))
    for part, at, tick in parts:
        for kept in (part,) if verbatim else redactor.parts(event.id, part):
            writer.part(event.id, kept, at, tick)


def _header(imported: Imported, name: str, *, verbatim: bool) -> Header:
    from importlib.metadata import version

    return Header(
        run=uuid.uuid4().hex,
        created=imported.created,
        tool=version("replay-debugger"),
        platform=sys.platform,
        tags={"imported": Path(name).name, **({"redaction": "none"} if verbatim else {})},
        behaviour=dict(IMPORTED),
    )
