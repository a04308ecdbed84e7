"""A scripted answer or fault: what the server does with a request instead of, or on top of, its own answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from replay.errors import UsageError

EndOfReply = Literal["complete", "refuse", "hang", "cut", "reset", "stall"]
ENDINGS: tuple[EndOfReply, ...] = ("complete", "refuse", "hang", "cut", "reset", "stall")


@dataclass(frozen=True, slots=True)
class Reply:
    """One entry of a script; an empty one is the server's own answer.

    What is said (at most one):

    * ``say``: words the model answers, in the wire format of the request.
    * ``calls``: tool calls the model makes: ``[{"name": …, "arguments": {…}}]``.
    * ``body``: the body as it is: text (also malformed), or data that is sent as JSON.

    How it is sent:

    * ``status``, ``headers``: with neither ``say``, ``calls`` nor ``body``, a status other than 200 brings the
      provider's error object.
    * ``delay``: seconds before the head.
    * ``split``: the body leaves in pieces of this many bytes, whatever they cut (0: as the server made it).
    * ``gzip``: content-encoding gzip.
    * ``end``: ``complete``; ``refuse``: the connection is reset before the head; ``hang``: nothing ever comes;
      after the head and ``after`` chunks: ``cut`` closes the connection as if that were all, ``reset`` resets it,
      ``stall`` leaves it open and silent.
    * ``only``: for the next request whose path contains this; others pass it by.
    """

    say: str | None = None
    calls: list[dict[str, Any]] | None = None
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    split: int = 0
    gzip: bool = False
    end: EndOfReply = "complete"
    after: int = 0
    only: str = ""

    def __post_init__(self) -> None:
        if self.end not in ENDINGS:
            raise UsageError(f"a reply cannot end with {self.end!r}", hint=f"end is one of {', '.join(ENDINGS)}")
        if sum(part is not None for part in (self.say, self.calls, self.body)) > 1:
            raise UsageError("a reply says one thing", hint="give one of say, calls, body")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def from_dict(data: Mapping[str, Any]) -> Reply:
    """A reply from plain data; raises :class:`UsageError` for a key that means nothing."""
    names = [one.name for one in fields(Reply)]
    if unknown := sorted(set(data) - set(names)):
        raise UsageError(f"a reply has no {', '.join(unknown)}", hint=f"a reply has {', '.join(names)}")
    return Reply(**data)
