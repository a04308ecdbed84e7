"""The vocabulary: what crosses the boundary between an agent's code and the world.

Every crossing is an :class:`Event`: a :class:`Request` that the program made and, once it came, an :class:`Answer`.
An HTTP exchange, a tool call and a subprocess share this one shape, so that matching, storage, redaction and diff
exist once. Times are integers in nanoseconds; ``at`` counts from the start of the run.

Nothing here changes once it is made. The four kinds that a replay makes for each call do not enforce that: a frozen
one takes five times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["http", "tool", "process", "span"]
"""``http``: an exchange. ``tool``: a marked function. ``process``: a subprocess. ``span``: a named stretch."""

Ending = Literal["complete", "closed", "broken", "failed"]
"""``complete``: all of it came. ``closed``: the program stopped reading. ``broken``: the transport broke after the
head or the first chunk. ``failed``: there was no head and no value, only an error."""

Origin = Literal["recorded", "served", "nearest", "swapped", "live", "fault"]
"""Where an answer came from (see "fork" in the docs)."""

Effect = Literal["read", "write"]

Headers = tuple[tuple[str, str], ...]
"""Header fields in wire order, names as sent, repeated names kept."""


@dataclass(slots=True, unsafe_hash=True)
class Request:
    """What the program asked the world.

    ========  =========================  ==========================
    kind      ``action``                 ``target``
    ========  =========================  ==========================
    http      method (``POST``)          absolute URL with query
    tool      ``call``                   the tool's name
    process   ``run``                    the program (``argv[0]``)
    span      ``enter``                  the span's name
    ========  =========================  ==========================

    ``body`` is the exact bytes of an HTTP body, and for a tool the JSON of its arguments by name
    (:mod:`replay.canon.values`).
    """

    kind: Kind
    action: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    effect: Effect | None = None

    def header(self, name: str) -> str | None:
        """The first value of header ``name`` (any case), or None."""
        return first_header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header fields of an HTTP response; ``http_version`` reads ``HTTP/1.1``."""

    status: int
    reason: str = ""
    http_version: str = "HTTP/1.1"
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """The first value of header ``name`` (any case), or None."""
        return first_header(self.headers, name)


UNKEPT = "replay.unkept"
"""Name of the failure that stands for a value the recording could not keep; the program itself got the value."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as data. ``name`` is a key of the tap's closed table, or ``module.qualname`` for a tool's own.

    ``state`` is, for a tool's exception, the JSON of its arguments and attributes (:mod:`replay.canon.values`).
    """

    name: str
    message: str
    state: bytes = b""


@dataclass(slots=True, unsafe_hash=True)
class Chunk:
    """One piece of an answer's body, as received: raw (still compressed) bytes, or one encoded item of a generator.

    ``at``: ns since the start of the run. ``tick``: place in the run's schedule, see :class:`Event`.
    """

    data: bytes
    at: int = 0
    tick: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """How an answer ended. ``failure`` is set when ``ending`` is ``broken`` or ``failed``."""

    ending: Ending = "complete"
    failure: Failure | None = None


Part = Head | Chunk | End
"""What is handed to the program, one at a time: at most one head, any number of chunks, one end."""


@dataclass(slots=True, unsafe_hash=True)
class Answer:
    """What the world said. ``end`` is None while the answer is still in flight (or the run died in it)."""

    head: Head | None = None
    head_at: int = 0
    head_tick: int = 0
    chunks: tuple[Chunk, ...] = ()
    end: End | None = None
    end_at: int = 0
    end_tick: int = 0

    @property
    def body(self) -> bytes:
        """All chunks joined: the raw body (still compressed), or the value of a tool that is no generator."""
        chunks = self.chunks
        return chunks[0].data if len(chunks) == 1 else b"".join([chunk.data for chunk in chunks])

    @property
    def failure(self) -> Failure | None:
        return self.end.failure if self.end else None


@dataclass(slots=True, unsafe_hash=True)
class Event:
    """One crossing of the boundary.

    * ``id``: unique in the cassette, in order of issue as written.
    * ``lineage``: address of the logical task that asked, such as ``0/a1/t2`` (child task 1 of the root, its thread
      2); independent of scheduling. ``number``: counts the requests of that lineage, from 0, in order of issue.
    * ``tick``: the issue's place in the schedule. Issues, heads, chunks and ends of all events of one process draw
      from one counter, so sorting by tick gives the order in which they happened.
    * ``parent``: id of the span or tool call this one happened in.
    * ``fingerprint``: 16 bytes, :func:`replay.canon.fingerprint` of the redacted request.
    * ``answer``: None when the run died before anything came back.
    * ``where``: ``file:line`` of the innermost frame of the program's own code, or ``""``.
    """

    id: int
    request: Request
    lineage: str = "0"
    number: int = 0
    at: int = 0
    tick: int = 0
    parent: int | None = None
    fingerprint: bytes = b""
    where: str = ""
    origin: Origin = "recorded"
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """Consecutive reads of the clock or the dice by one lineage. ``source`` names what was read (``time.time_ns``)."""

    lineage: str
    source: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A fact about the run that is no crossing: its output, a gap, a warning, counts. ``data`` is plain JSON data.

    Kinds: ``output`` (the run's result), ``gap`` (something could not be kept, and why), ``ignored`` (telemetry calls
    by host), ``unwatched`` (connections made outside every tap), ``input`` (a file or variable that the program read,
    see :mod:`replay.engine.world`), ``swapped`` (an event that swaps made, see :mod:`replay.cassette.forks`).
    """

    kind: str
    data: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """How to run again: one of a command line, a pytest node id, or a ``module:function``."""

    argv: tuple[str, ...] = ()
    node: str = ""
    function: str = ""
    python: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The first frame of a cassette. ``created`` is ns since the epoch; ``hash_seed`` the value of PYTHONHASHSEED.

    ``behaviour`` holds one number for each rule whose change would alter how old cassettes replay
    (``fingerprint``, ``redaction``, ``order``).
    """

    run: str
    created: int
    tool: str = ""
    python: str = ""
    platform: str = ""
    hash_seed: str = ""
    entry: Entry = field(default_factory=Entry)
    tags: dict[str, str] = field(default_factory=dict)
    behaviour: dict[str, int] = field(default_factory=dict)
    parent: str = ""
    swaps: tuple[str, ...] = ()


def first_header(headers: Headers, name: str) -> str | None:
    """The first value of header ``name`` (any case), or None."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)
