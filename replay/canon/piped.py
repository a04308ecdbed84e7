"""What a subprocess writes: chunks that begin with the letter of their pipe (:mod:`replay.dialects.processes`).

Each pipe is a text of its own, and their order among one another is part of the recording: so while one of them may be
within a secret, all wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from replay.canon.risks import Risks
from replay.canon.stream import HELD_AT_MOST, ends_whole
from replay.events import Chunk


class Piped:
    """See :class:`replay.canon.stream.Kept`."""

    def __init__(self, redact: Callable[[bytes], bytes], risks: Risks) -> None:
        self._redact = redact
        self._risks = risks
        self._held: list[Chunk] = []

    def feed(self, chunk: Chunk) -> list[Chunk]:
        self._held.append(chunk)
        texts = self._texts()
        waits = any(not ends_whole(text) and self._risks.may_go_on(text) for text in texts.values())
        return [] if waits and sum(map(len, texts.values())) < HELD_AT_MOST else self._settle(texts)

    def finish(self) -> list[Chunk]:
        return self._settle(self._texts())

    def _texts(self) -> dict[bytes, bytes]:
        """What each pipe has said in the chunks held."""
        texts: dict[bytes, list[bytes]] = {}
        for chunk in self._held:
            texts.setdefault(chunk.data[:1], []).append(chunk.data[1:])
        return {letter: b"".join(pieces) for letter, pieces in texts.items()}

    def _settle(self, texts: dict[bytes, bytes]) -> list[Chunk]:
        """The chunks held; those of a pipe that told a secret are joined into the first of them."""
        held, self._held = self._held, []
        changed = {letter: kept for letter, text in texts.items() if (kept := self._redact(text)) != text}
        kept_chunks = []
        for chunk in held:
            letter = chunk.data[:1]
            if letter not in changed or len(chunk.data) == 1:  # a letter alone is the end of its pipe
                kept_chunks.append(chunk)
            elif changed[letter]:
                kept_chunks.append(replace(chunk, data=letter + changed[letter]))
                changed[letter] = b""
        return kept_chunks
