"""What a session writes down of answers. Chunks that come quickly wait a moment, for they cost less together.

Only the stored copy waits, and not that of an answer whose chunks come slowly.
"""

from __future__ import annotations

from replay.canon.redact import Redactor
from replay.cassette import Writer
from replay.events import Chunk, Part

LATE = 50_000_000
"""Nanoseconds since chunks of the same answer were written last, after which the next one does not wait."""

MANY = 256
"""Chunks that wait at most."""

LARGE = 1024
"""Bytes. A chunk of this size is worth the trouble by itself."""


class Answers:
    """The answers of one session in one process, on their way through ``redactor`` into ``sink``."""

    def __init__(self, redactor: Redactor, sink: Writer) -> None:
        self._redactor = redactor
        self._sink = sink
        self._inherited = redactor.unended
        """Answers that a forked child's parent reads on."""
        self._waiting: dict[int, list[Chunk]] = {}
        self._written: dict[int, int] = {}
        """When chunks of each answer were written last."""

    def chunk(self, id: int, data: bytes, at: int, tick: int) -> None:
        """The next chunk of the answer to event ``id``, handed over ``at`` ns since the start of the run."""
        waiting = self._waiting.get(id)
        if waiting is None:
            waiting = self._waiting[id] = []
        waiting.append(Chunk(data, at, tick))
        if len(waiting) >= MANY or len(data) >= LARGE or at - self._written.get(id, 0) >= LATE:
            self._write_chunks(id)
            self._written[id] = at

    def part(self, id: int, part: Part, at: int, tick: int) -> None:
        """The head or the end of the answer to event ``id``."""
        self._write_chunks(id)
        self._written.pop(id, None)
        self._sink.parts(id, self._redactor.parts(id, part), at, tick)

    def body(self, id: int, chunks: list[bytes], at: int, tick: int) -> None:
        """A whole body and its end, handed over at once from ``tick`` on."""
        kept = self._redactor.body(id, [Chunk(data, at, tick + place) for place, data in enumerate(chunks)])
        self._sink.parts(id, kept, at, tick + len(chunks))

    def close(self) -> None:
        """Write what waits, also of answers that have not ended: the program has seen that much of them."""
        for id in list(self._waiting):
            self._write_chunks(id)
        for id, chunk in self._redactor.held(self._redactor.unended - self._inherited):
            self._sink.parts(id, [chunk], chunk.at, chunk.tick)

    def _write_chunks(self, id: int) -> None:
        chunks = self._waiting.pop(id, None)
        if chunks:
            self._sink.parts(id, self._redactor.chunks(id, chunks), chunks[-1].at, chunks[-1].tick)
