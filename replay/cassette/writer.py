"""Writing a cassette while the run goes on. After creation nothing here raises into the program: what could not be
written is remembered in words, and the run continues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from replay.cassette.batch import Batch
from replay.cassette.codec import encode_header, encode_issue, encode_note, encode_reads
from replay.cassette.file import File
from replay.cassette.frame import Kind
from replay.cassette.log import Log
from replay.cassette.scan import scan
from replay.cassette.stock import Stock
from replay.errors import ReplayError
from replay.events import Chunk, Event, Header, Note, Part, Reads

if TYPE_CHECKING:
    from replay.cassette.cipher import Cipher

MAX_GAPS = 100
MAX_GAP = 300
"""Characters of the words for one."""

MAX_READS = 4096
"""Clock and dice values that wait for the next frame at most."""


class Writer:
    """One process's pen. Thread-safe; a forked child of the process goes on as a writer of its own."""

    def __init__(self, path: str, lineage: str, log: Log | None, *, is_root: bool) -> None:
        self._path = os.path.abspath(path)
        self.lineage = lineage
        self._log: Log | None = log
        self._is_root = is_root
        self._forked = False
        self._gaps: list[str] = []
        self._untold: list[str] = []
        self._unwritten: set[int] = set()
        self._lock = Lock()
        self._number = 0 if log is None else log.writer
        self._stock = Stock() if log is None else log.stock
        self._next = 0
        self._batches: dict[int, Batch] = {}
        self._reads: dict[tuple[str, str], list[Any]] = {}
        self._waiting_reads = 0
        _alive.add(self)

    @classmethod
    def create(cls, path: str, header: Header, cipher: Cipher | None = None) -> Writer:
        """The root process's writer. Replaces a cassette at ``path``. With ``cipher`` everything is encrypted.

        Raises :class:`replay.errors.CassetteError` or :class:`replay.errors.UsageError` when there can be no file.
        """
        first = encode_header(header)
        log = Log.create(path, first if cipher is None else cipher.header(*first), cipher)
        return cls(path, "0", log, is_root=True)

    @classmethod
    def join(cls, path: str, lineage: str) -> Writer:
        """The writer of a child process of the run, at ``lineage``. A child that cannot join goes on, with a gap."""
        try:
            log = Log.join(path, os.getpid(), lineage, File(path).cipher)
        except (ReplayError, OSError) as error:
            alone = cls(path, lineage, None, is_root=False)
            alone._lost(f"what the process {lineage} did", error)
            return alone
        return cls(path, lineage, log, is_root=False)

    @property
    def gaps(self) -> list[str]:
        """What could not be written, in words; at most a hundred entries."""
        return list(self._gaps)

    def next_id(self) -> int:
        """An event id that no other writer of this file gives out: the writer's number, then 32 bits of counter."""
        with self._lock:
            if self._forked:
                self._attempt("joining after a fork", self._rejoin)
            number, self._next = self._next, self._next + 1
            return self._number << 32 | number

    def issue(self, event: Event) -> None:
        """Write the request of ``event``, before the call is made. Its answer is left to :meth:`parts`."""
        with self._lock:
            try:
                log = self._open_log()
                if self._untold:
                    self._tell_gaps(log)
                log.write(Kind.ISSUE, encode_issue(event, self._stock, self._take_reads()))
                self._batches[event.id] = Batch(event.id, event.at)
                log.sync(event.at)
            except Exception as error:
                self._unwritten.add(event.id)
                self._lost(f"the request of event {event.id}", error)

    def parts(self, id: int, parts: Iterable[Part], at: int, tick: int) -> None:
        """The next parts of the answer to event ``id``. Chunks know when they came; ``at`` (ns since the start of the
        run) and ``tick`` are those of a head or an end."""
        with self._lock:
            try:
                batch = self._batches.get(id)
                if batch is None:
                    if id in self._unwritten:  # an answer alone says nothing
                        return
                    batch = self._batches[id] = Batch(id, at)
                for part in parts:
                    when, place = (part.at, part.tick) if type(part) is Chunk else (at, tick)
                    if batch.add(part, when, place):
                        self._flush_batch(batch, when)
            except Exception as error:
                self._lost(f"the answer to event {id}", error)

    def reads(self, reads: Reads) -> None:
        """Values of the clock or the dice; on disk before the next request or end is."""
        with self._lock:
            self._reads.setdefault((reads.lineage, reads.source), []).extend(reads.values)
            self._waiting_reads += len(reads.values)
            if self._waiting_reads >= MAX_READS:
                self._attempt("reads of the clock or the dice", self._write_reads)

    def note(self, note: Note) -> None:
        with self._lock:
            self._attempt(f"a note ({note.kind})", self._write_note, note)

    def close(self, seal: bool = True) -> None:
        """Write what waits, seal the file (the root only) and close it. Closing twice changes nothing."""
        with self._lock:
            if self._log is None or self._forked:
                self._log = None
                return
            for batch in list(self._batches.values()):
                self._attempt(f"the answer to event {batch.id}", self._flush_batch, batch, batch.since)
            self._attempt("reads of the clock or the dice", self._write_reads)
            self._tell_gaps(self._log)
            if seal and self._is_root:
                self._attempt("the seal", self._seal)
            log, self._log = self._log, None
            self._gaps += [f"{misfit} has no place in the index" for misfit in log.misfits[:MAX_GAPS]]
            self._attempt("the end of the file", log.close)

    # Called with the lock held --------------------------------------------------------------------------------------

    def _attempt(self, what: str, do: Callable[..., None], *args: Any) -> None:
        try:
            do(*args)
        except Exception as error:
            self._lost(what, error)

    def _lost(self, what: str, error: Exception) -> None:
        """Recording never breaks the program, whatever goes wrong: it becomes a gap."""
        reason = error.message if isinstance(error, ReplayError) else f"{type(error).__name__}: {error}"
        if len(self._gaps) < MAX_GAPS:
            self._gaps.append(f"{what} could not be written: {reason}"[:MAX_GAP])
            self._untold.append(self._gaps[-1])

    def _tell_gaps(self, log: Log) -> None:
        """Into the file what is missing from it, when there is room again."""
        while self._untold:
            try:
                log.write(Kind.NOTE, encode_note(Note("gap", self._untold[0]), self._stock))
            except Exception:  # not yet
                return
            del self._untold[0]

    def _open_log(self) -> Log:
        if self._forked:
            self._rejoin()
        if self._log is None:
            raise ValueError("the cassette is closed")
        return self._log

    def _flush_batch(self, batch: Batch, at: int) -> None:
        is_last = batch.is_last
        if is_last:
            self._batches.pop(batch.id, None)
        log = self._open_log()
        payload = batch.take(at, self._stock, self._take_reads() if is_last else None)
        if payload is not None:
            log.write(Kind.PARTS, payload)
            log.sync(at)

    def _take_reads(self) -> list[Any] | None:
        """What waits, encoded; None if nothing does."""
        if not self._reads:
            return None
        taken, self._reads, self._waiting_reads = self._reads, {}, 0
        encoded = []
        for (lineage, source), values in taken.items():
            try:
                encoded.append(encode_reads(lineage, source, values, self._stock))
            except Exception as error:
                self._lost(f"reads of {source}", error)
        return encoded or None

    def _write_reads(self) -> None:
        log, reads = self._open_log(), self._take_reads()
        if reads is not None:
            log.write(Kind.READS, [None, reads])

    def _write_note(self, note: Note) -> None:
        self._open_log().write(Kind.NOTE, encode_note(note, self._stock))

    def _seal(self) -> None:
        log = self._log
        assert log is not None
        # Other processes have written too: what they wrote is only known from the file.
        alone = os.fstat(log.fd).st_size == log.size
        log.seal(log.index if alone else scan(self._path).index)

    # Forks ----------------------------------------------------------------------------------------------------------

    def _after_fork(self) -> None:
        """In a forked child: the lock may be held by a thread that is not here, what waits belongs to the parent."""
        self._lock = Lock()
        self._is_root = False
        self._forked = self._log is not None
        self._next = self._waiting_reads = 0
        self._batches, self._reads = {}, {}

    def _rejoin(self) -> None:
        self._forked = False
        inherited, self._log = self._log, None
        if inherited is not None:
            os.close(inherited.fd)
        self._log = Log.join(self._path, os.getpid(), self.lineage, inherited.cipher if inherited is not None else None)
        self._number, self._stock = self._log.writer, self._log.stock


_alive: WeakSet[Writer] = WeakSet()


def _forked_child() -> None:
    for writer in list(_alive):
        writer._after_fork()


# The only way to learn of a fork before any lock is touched; it cannot be undone, hence once for all writers.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked_child)
