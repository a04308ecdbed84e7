"""Streams whose lines spell a text piece by piece: a secret that a model says token by token is still caught.

Each line is an event that holds a fragment (``{"delta":{"content":"sk-"}}``), and the program joins the fragments. So
they are joined here as well, per field, and lines that end in what may be the beginning of a secret are held back. A
secret found across lines goes into the first of them, and the other fragments are left empty: all events stay.

Lines of one stream differ in little but their fragment. What stands around it is remembered and recognised, and lines
that come together are looked at together: so a line costs less here than by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from replay.canon.patterns import may_hold_secret
from replay.canon.placeholders import MARK
from replay.canon.risks import Risks
from replay.canon.stream import HELD_AT_MOST
from replay.events import Chunk

CONTEXT = 80
"""Bytes of text that stay in sight: a name may have been kept before its value comes."""

SHORT = 16
"""Bytes. No longer a fragment is taken for a piece of text; one that may hold a whole secret is looked at as a line."""

FEW = 3
"""Chunks that are looked at one by one."""

LONGEST_HELD = 32_768
"""Bytes of text held back; the longest secret is a private key."""

MOST_HELD = 8192
"""Pieces of text held back."""

_FRAGMENT = re.compile(
    rb'"(?P<key>content|text|delta|partial_json|arguments|thinking|reasoning|reasoning_content|reasoning_text|refusal'
    rb'|response|token|completion|generated_text|outputText|input|summary)" ?: ?"(?P<json>(?:[^"\\]|\\.)*+)"'
    rb'|^data: ?+(?P<line>[^{\["\r\n][^\r\n]*+)$'
    rb'|\A"(?P<item>(?:[^"\\]|\\.)*+)"\Z',
    re.MULTILINE,
)
_INDEX = re.compile(rb'"(?:index|output_index|content_index|contentBlockIndex|choice)" ?: ?([0-9]{1,4})')


class Span(NamedTuple):
    """A fragment: whose text it goes on with, and where it stands in its unit."""

    channel: bytes
    start: int
    end: int


@dataclass(slots=True)
class Unit:
    """Chunks that are whole lines together, their bytes, and the fragments in those.

    ``is_clean``: what stands around the fragment is known to hold no secret. ``is_changed``: fragments were replaced.
    """

    chunks: list[Chunk]
    data: bytes
    spans: list[Span]
    is_clean: bool = False
    is_changed: bool = False


class Spelled:
    """``items``: every chunk is a whole item, such as those of a generator tool, and needs no end of line."""

    __slots__ = (
        "_around",
        "_channel",
        "_contexts",
        "_held",
        "_items",
        "_pending",
        "_redact",
        "_risks",
        "_size",
    )

    def __init__(self, redact: Callable[[bytes], bytes], risks: Risks, *, items: bool = False) -> None:
        self._redact = redact
        self._risks = risks
        self._items = items
        self._pending: list[Chunk] = []
        self._size = 0
        self._held: list[Unit] = []
        self._contexts: dict[bytes, bytes] = {}
        self._around: tuple[bytes, bytes] | None = None
        self._channel = b""

    def feed(self, chunk: Chunk) -> list[Chunk]:
        data = chunk.data
        if self._pending or not (self._items or data.endswith(b"\n")):
            self._pending.append(chunk)
            self._size += len(data)
            if not data.endswith(b"\n") and self._size < HELD_AT_MOST:
                return []
            return self._add(self._unit(self._taken()))
        around = self._around
        if around is not None and data.startswith(around[0]) and data.endswith(around[1]):
            start, end = len(around[0]), len(data) - len(around[1])
            text = data[start:end]
            if start <= end <= start + SHORT and b'"' not in text:
                if not self._held and self._is_quiet(self._channel, text):
                    return [chunk]
                return self._add(Unit([chunk], data, [Span(self._channel, start, end)], is_clean=True))
        return self._add(self._unit([chunk]))

    def feed_all(self, chunks: list[Chunk]) -> list[Chunk]:
        """:meth:`feed`, for chunks that have come one after the other."""
        if len(chunks) <= FEW:
            return [kept for chunk in chunks for kept in self.feed(chunk)]
        if self._are_quiet(chunks):
            return chunks
        middle = len(chunks) // 2
        return [*self.feed_all(chunks[:middle]), *self.feed_all(chunks[middle:])]

    def finish(self) -> list[Chunk]:
        kept = self._add(self._unit(self._taken())) if self._pending else []
        while self._held:
            kept = [*kept, *self._settle()]
        return kept

    def _taken(self) -> list[Chunk]:
        taken, self._pending, self._size = self._pending, [], 0
        return taken

    def _unit(self, chunks: list[Chunk]) -> Unit:
        data = chunks[0].data if len(chunks) == 1 else b"".join([chunk.data for chunk in chunks])
        return Unit(chunks, data, list(_spans(data)))

    def _kept(self, unit: Unit) -> list[Chunk]:
        """The chunks of a unit, once nothing in it can go on."""
        redacted = unit.data if unit.is_clean and not unit.is_changed else self._redact(unit.data)
        if redacted is not unit.data or unit.is_changed:
            return [replace(unit.chunks[0], data=redacted)]
        if len(unit.spans) == 1 and not unit.is_clean:
            self._remember(unit.data, unit.spans[0])
        return unit.chunks

    def _remember(self, data: bytes, span: Span) -> None:
        """What stands around a fragment, if it cannot be part of a secret with it."""
        before, after = data[: span.start], data[span.end :]
        if before.endswith(b'"') and after.startswith(b'"') and not self._risks.names.may_be_in(before):
            self._around, self._channel = (before, after), span.channel

    def _add(self, unit: Unit) -> list[Chunk]:
        if not self._held and all(
            self._is_quiet(span.channel, unit.data[span.start : span.end]) for span in unit.spans
        ):
            return self._kept(unit)
        self._held.append(unit)
        if len(self._held) < MOST_HELD and unit.spans:
            _, start, end = unit.spans[-1]
            if self._risks.goes_on(unit.data[start:end]):
                return []
        texts = self._texts()
        size = sum(map(len, texts.values()))
        if size < LONGEST_HELD and any(self._may_go_on(channel, text) for channel, text in texts.items()):
            return []
        return self._settle()

    def _is_quiet(self, channel: bytes, text: bytes) -> bool:
        """Whether nothing that ends here can go on as a secret; then ``text`` becomes part of what is in sight."""
        seen = self._contexts.get(channel, b"") + text
        if self._risks.is_likely(seen) and (self._risks.may_go_on(seen) or self._redact(seen) != seen):
            return False
        self._contexts[channel] = seen[-CONTEXT:]
        return True

    def _are_quiet(self, chunks: list[Chunk]) -> bool:
        """:meth:`_is_quiet`, for lines that differ in nothing but their fragment; false if they are not such lines.

        What would be a secret if a later fragment did not go on with it is none for sure: no beginning is in sight.
        """
        if self._held or self._pending or self._around is None:
            return False
        before, after = self._around
        least, start, end = len(before) + len(after), len(before), -len(after)
        for chunk in chunks:
            data = chunk.data
            if not (least <= len(data) <= least + SHORT and data.startswith(before) and data.endswith(after)):
                return False
        seen = self._contexts.get(self._channel, b"") + b"".join([chunk.data[start:end] for chunk in chunks])
        risks = self._risks
        if b'"' in seen or risks.is_likely(seen) or risks.may_go_on(seen):
            return False
        if may_hold_secret(seen) or self._redact(seen) != seen:
            return False
        self._contexts[self._channel] = seen[-CONTEXT:]
        return True

    def _may_go_on(self, channel: bytes, text: bytes) -> bool:
        return self._risks.may_go_on(self._contexts.get(channel, b"") + text)

    def _texts(self) -> dict[bytes, bytes]:
        pieces: dict[bytes, list[bytes]] = {}
        for unit in self._held:
            for span in unit.spans:
                pieces.setdefault(span.channel, []).append(unit.data[span.start : span.end])
        return {channel: b"".join(parts) for channel, parts in pieces.items()}

    def _settle(self) -> list[Chunk]:
        """Keep what was held back, the secrets that its fragments spell replaced.

        What stood before the last fragment may have been a secret that is none with it: the items of a generator need
        not be one text. The last one is then looked at by itself.
        """
        changed, last = self._changed(), None
        if len(self._held) > 1:
            last = self._held.pop()
            before = self._changed()
            if all(text.find(MARK) == changed.get(channel, b"").find(MARK) for channel, text in before.items()):
                self._held.append(last)
                last = None
            else:
                changed = before
        for channel, text in {**self._texts(), **changed}.items():
            self._contexts[channel] = (self._contexts.get(channel, b"") + text)[-CONTEXT:]
        held, self._held = self._held, []
        for unit in held:
            _respell(unit, changed)
        kept = [chunk for unit in held for chunk in self._kept(unit)]
        return kept if last is None else [*kept, *self._add(last)]

    def _changed(self) -> dict[bytes, bytes]:
        """By channel, the text held back without its secrets, where there are any."""
        changed = {}
        for channel, text in self._texts().items():
            before = self._contexts.get(channel, b"")
            redacted = self._redact(before + text)
            kept = redacted[len(before) :] if redacted.startswith(before) else self._redact(text)
            if kept != text:
                changed[channel] = kept
        return changed


def _respell(unit: Unit, changed: dict[bytes, bytes]) -> None:
    """Put each changed text into its channel's next fragment; what was put is then empty."""
    pieces: list[bytes] = []
    at = 0
    for span in unit.spans:
        if span.channel in changed:
            pieces += [unit.data[at : span.start], changed[span.channel]]
            changed[span.channel] = b""
            at = span.end
            unit.is_changed = True
    unit.data = b"".join([*pieces, unit.data[at:]])


def _spans(data: bytes) -> Iterator[Span]:
    for match in _FRAGMENT.finditer(data):
        line = data.rfind(b"\n", 0, match.start()) + 1
        index = _INDEX.findall(data, line, match.start()) if match["json"] is not None else ()
        yield Span(b"/".join([match["key"] or b"", *index]), *match.span(match.lastgroup or 0))
